//! Bulk lists come in slices: each answer names the offset of the next one, which is sent back unchanged.

use futures_util::Stream;
use futures_util::stream;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::StudioError;
use super::transport::Call;

/// One slice of a bulk list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice<T> {
    /// The items that could be read.
    pub items: Vec<T>,
    /// How many items could not be read; they are left out so that one odd record does not hide all others.
    pub unreadable: usize,
    /// Where the next slice starts; none at the end.
    pub next: Option<String>,
}

/// A slice on the wire.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireSlice<W> {
    result: Vec<W>,
    offset: String,
    has_next: bool,
}

impl Call<'_> {
    /// The slice at `offset`, all of whose items must be readable.
    pub(super) async fn slice<W: DeserializeOwned, T: From<W>>(
        self,
        offset: Option<&str>,
    ) -> Result<Slice<T>, StudioError> {
        let slice: WireSlice<W> = self.wire_slice(offset).await?;
        Ok(Slice {
            items: slice.result.into_iter().map(T::from).collect(),
            unreadable: 0,
            next: slice.has_next.then_some(slice.offset),
        })
    }

    /// The slice at `offset`, leaving out items that cannot be read.
    pub(super) async fn readable_slice<W: DeserializeOwned, T>(
        self,
        offset: Option<&str>,
        convert: impl Fn(W) -> T,
    ) -> Result<Slice<T>, StudioError> {
        let slice: WireSlice<Box<RawValue>> = self.wire_slice(offset).await?;
        let count = slice.result.len();
        let items: Vec<T> = slice
            .result
            .iter()
            .filter_map(|item| serde_json::from_str(item.get()).ok())
            .map(convert)
            .collect();
        Ok(Slice {
            unreadable: count.saturating_sub(items.len()),
            items,
            next: slice.has_next.then_some(slice.offset),
        })
    }

    async fn wire_slice<W: DeserializeOwned>(
        self,
        offset: Option<&str>,
    ) -> Result<WireSlice<W>, StudioError> {
        let unreadable = self.unreadable();
        let slice: WireSlice<W> = self.query_if("offset", offset).answer().await?;
        if slice.has_next && Some(slice.offset.as_str()) == offset {
            return Err(unreadable("the slice names itself as the next one".to_owned()));
        }
        Ok(slice)
    }
}

/// All slices, one after the other, fetched when asked for. Ends after the last slice and at the first error.
pub(super) fn all_slices<T, F>(
    fetch: impl Fn(Option<String>) -> F,
) -> impl Stream<Item = Result<Slice<T>, StudioError>>
where
    F: Future<Output = Result<Slice<T>, StudioError>>,
{
    stream::try_unfold(Some(None), move |offset: Option<Option<String>>| {
        let slice = offset.map(&fetch);
        async move {
            let Some(slice) = slice else {
                return Ok(None);
            };
            let slice = slice.await?;
            let next = slice.next.clone().map(Some);
            Ok(Some((slice, next)))
        }
    })
}
