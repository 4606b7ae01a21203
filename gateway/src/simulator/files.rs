//! Documents, images and body measurements. The gateway has no use for them; its client can talk about them.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Multipart, Path, Query, State};
use jiff::Unit;
use serde::Deserialize;
use serde_json::{Value, json};

use super::access;
use super::customers::{Answer, IdentificationQuery, Slice};
use super::error::ApiError;
use super::studio::Studio;

/// A document, of which only the name and description are kept.
#[derive(Clone)]
pub(super) struct Document {
    id: i64,
    file_name: String,
    description: Option<String>,
}

impl Document {
    fn json(&self) -> Value {
        let mut document = json!({
            "id": self.id,
            "url": format!("https://documents.example.com/{}", self.id),
            "fileName": self.file_name,
        });
        if let (Value::Object(document), Some(description)) = (&mut document, &self.description) {
            document.insert("description".to_owned(), json!(description));
        }
        document
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DocumentsQuery {
    slice_size: Option<i64>,
    offset: Option<String>,
}

/// `getDocuments`
pub(super) async fn documents(
    State(studio): State<Arc<Studio>>,
    Path(id): Path<i64>,
    Query(query): Query<DocumentsQuery>,
) -> Answer {
    let slice = Slice::new(query.offset.as_deref(), query.slice_size, 10, 1..=50)?;
    let documents: Vec<Value> = studio
        .customer(id)?
        .documents
        .iter()
        .map(Document::json)
        .collect();
    Ok(Json(slice.of(&documents)))
}

/// `getDocumentById`
pub(super) async fn document(
    State(studio): State<Arc<Studio>>,
    Path((id, document_id)): Path<(i64, i64)>,
) -> Answer {
    let customer = studio.customer(id)?;
    let document = customer
        .documents
        .iter()
        .find(|document| document.id == document_id);
    let document = document.ok_or_else(|| ApiError::not_found(format_args!("The document {document_id}")))?;
    Ok(Json(document.json()))
}

#[derive(Deserialize)]
pub(super) struct UploadQuery {
    description: Option<String>,
}

/// `uploadDocument`
pub(super) async fn upload_document(
    State(studio): State<Arc<Studio>>,
    Path(id): Path<i64>,
    Query(query): Query<UploadQuery>,
    parts: Multipart,
) -> Answer {
    let file = part(parts, "file").await?;
    let document_id = studio.records().new_id();
    studio.change(id, |customer| {
        customer.documents.push(Document {
            id: document_id,
            file_name: file.name,
            description: query.description,
        });
        Ok(Json(json!({ "id": document_id })))
    })
}

/// `updateImage`
pub(super) async fn update_image(
    State(studio): State<Arc<Studio>>,
    Path(id): Path<i64>,
    parts: Multipart,
) -> Answer {
    let image = part(parts, "image").await?;
    if !matches!(image.kind.as_str(), "image/jpeg" | "image/png") {
        return Err(ApiError::validation(
            "image must be of the type image/jpeg or image/png.",
        ));
    }
    let image_id = studio.records().new_id();
    studio.change(id, |customer| {
        customer.image_url = format!("https://images.example.com/{image_id}");
        Ok(Json(json!({ "imageUrl": customer.image_url })))
    })
}

/// An uploaded file: what is said of it, not what is in it.
struct Part {
    name: String,
    kind: String,
}

/// The part with this name, read to its end.
async fn part(mut parts: Multipart, wanted: &str) -> Result<Part, ApiError> {
    let broken = |error: axum::extract::multipart::MultipartError| ApiError::validation(error.body_text());
    while let Some(field) = parts.next_field().await.map_err(broken)? {
        let named = field.name() == Some(wanted);
        let name = field.file_name().unwrap_or_default().to_owned();
        let kind = field.content_type().unwrap_or_default().to_owned();
        let content = field.bytes().await.map_err(broken)?;
        if named && !name.is_empty() && !content.is_empty() {
            return Ok(Part { name, kind });
        }
    }
    Err(ApiError::validation(format!(
        "The part {wanted} with a file is missing."
    )))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WeighingQuery {
    benefit_key: Option<String>,
}

/// `createCustomerWeighing`
pub(super) async fn weigh(
    State(studio): State<Arc<Studio>>,
    Path(id): Path<i64>,
    Query(query): Query<WeighingQuery>,
    Json(mut weighing): Json<serde_json::Map<String, Value>>,
) -> Answer {
    if !weighing.get("rawResults").is_some_and(Value::is_string) {
        return Err(ApiError::validation("rawResults must be given."));
    }
    let weighing_id = studio.records().new_id();
    weighing.insert("databaseId".to_owned(), json!(weighing_id));
    studio.change(id, |customer| {
        if let Some(key) = &query.benefit_key {
            access::use_up(customer, key)?;
        }
        customer.height = weighing.get("height").and_then(Value::as_f64).or(customer.height);
        Ok(Json(Value::Object(weighing)))
    })
}

/// `getCustomerMeasurement`
pub(super) async fn measurement(
    State(studio): State<Arc<Studio>>,
    Query(query): Query<IdentificationQuery>,
) -> Answer {
    let customer = studio.find(&query.identification()?)?;
    let person = &customer.person;
    let age = studio.records().today().since((Unit::Year, person.date_of_birth));
    let mut measurement = json!({
        "id": customer.id,
        "firstName": person.first_name,
        "lastName": person.last_name,
        "age": age.map(|span| span.get_years()).unwrap_or_default(),
        "dateOfBirth": person.date_of_birth,
        "gender": "UNISEX",
    });
    if let (Value::Object(measurement), Some(height)) = (&mut measurement, customer.height) {
        measurement.insert("height".to_owned(), json!(height));
    }
    Ok(Json(measurement))
}
