//! Documents and pictures of a customer.

use futures_util::Stream;
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::multipart::{Form, Part};
use serde::Deserialize;

use super::slices::all_slices;
use super::{DocumentId, Operation, Personal, Slice, StudioClient, StudioError};
use crate::domain::CustomerId;

/// A document of a customer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// The studio's number of it.
    pub id: Option<DocumentId>,
    /// The name of the file.
    pub file_name: Option<Personal<String>>,
    /// What it is.
    pub description: Option<Personal<String>>,
    /// A link to it, good for 15 minutes.
    pub url: Option<Personal<String>>,
}

/// A file to send.
#[derive(Clone)]
pub struct Upload {
    /// The name of the file; its extension tells the studio what it is.
    pub file_name: String,
    /// Its content.
    pub content: Vec<u8>,
}

impl std::fmt::Debug for Upload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Upload({} bytes)", self.content.len())
    }
}

impl StudioClient {
    /// All documents of a customer (`getDocuments`), slice by slice.
    pub fn documents(
        &self,
        customer: CustomerId,
    ) -> impl Stream<Item = Result<Slice<Document>, StudioError>> {
        all_slices(move |offset| {
            let client = self.clone();
            async move { client.documents_slice(customer, offset.as_deref()).await }
        })
    }

    async fn documents_slice(
        &self,
        customer: CustomerId,
        offset: Option<&str>,
    ) -> Result<Slice<Document>, StudioError> {
        self.customer_call(Operation::Documents, Method::GET, customer, &["documents"])
            .query(&[("sliceSize", 50)])
            .slice::<Document, _>(offset)
            .await
    }

    /// One document (`getDocumentById`); none when there is no such document.
    ///
    /// # Errors
    /// When the studio could not be asked or gave no usable answer.
    pub async fn document(
        &self,
        customer: CustomerId,
        document: DocumentId,
    ) -> Result<Option<Document>, StudioError> {
        let path = ["documents", &document.to_string()];
        self.customer_call(Operation::Document, Method::GET, customer, &path)
            .find()
            .await
    }

    /// Stores a document (`uploadDocument`) and answers its number, if the studio gives it.
    ///
    /// # Errors
    /// [`StudioError::Refused`] when the studio does not take the file.
    pub async fn upload_document(
        &self,
        customer: CustomerId,
        file: Upload,
        description: Option<&str>,
    ) -> Result<Option<DocumentId>, StudioError> {
        let stored: WireStored = self
            .customer_call(Operation::UploadDocument, Method::POST, customer, &["documents"])
            .query_if("description", description)
            .multipart(form("file", file))
            .bulk()
            .answer()
            .await?;
        Ok(stored.id)
    }

    /// Replaces the picture of a customer (`updateImage`) and answers a link to it, good for 15 minutes.
    ///
    /// # Errors
    /// [`StudioError::Refused`] when the studio does not take the picture.
    pub async fn update_image(
        &self,
        customer: CustomerId,
        picture: Upload,
    ) -> Result<Option<Personal<String>>, StudioError> {
        let image: WireImage = self
            .customer_call(Operation::UpdateImage, Method::PUT, customer, &["images"])
            .multipart(form("image", picture))
            .bulk()
            .answer()
            .await?;
        Ok(image.image_url)
    }
}

/// A form with one file. The part names a content type because some servers cannot read a part without one.
fn form(name: &'static str, file: Upload) -> Form {
    let media_type = HeaderValue::from_static(media_type(&file.file_name));
    let part = Part::bytes(file.content)
        .file_name(file.file_name)
        .headers(HeaderMap::from_iter([(CONTENT_TYPE, media_type)]));
    Form::new().part(name, part)
}

/// Of the kinds of files that the studio tells apart: pictures have to be JPEG or PNG.
fn media_type(file_name: &str) -> &'static str {
    let (_, extension) = file_name.rsplit_once('.').unwrap_or_default();
    match extension.to_ascii_lowercase().as_str() {
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "pdf" => "application/pdf",
        _ => "application/octet-stream",
    }
}

#[derive(Deserialize)]
struct WireStored {
    id: Option<DocumentId>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireImage {
    image_url: Option<Personal<String>>,
}
