//! Whole lists as files, page by page: a file of a hundred thousand rows costs the memory of one page.
//!
//! The first page is read before anything is answered, so that what goes wrong there is a problem like any other. What
//! goes wrong later cuts the file off: a file that only looks whole would be worse.

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use futures_util::stream;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::problem::Problem;

/// Rows that are read at once.
pub const PAGE: u16 = 1_000;

/// What programs for tables read as a sign that the text is UTF-8.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Which kind of file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Comma-separated values, UTF-8, with a line of names first.
    #[default]
    Csv,
}

/// Parameters of every export.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Exporting {
    /// Which kind of file; `csv` when it is left out.
    #[param(inline)]
    pub format: Option<Format>,
}

/// One row's cells.
pub type Row = Vec<String>;

/// Answers with a file of all rows. `next` reads the page that begins at a place, and gives it with the place of the
/// page after it, if there is one.
pub async fn csv<P, F, W>(name: &str, header: &[&str], first: P, mut next: F) -> Result<Response, Problem>
where
    P: Send + 'static,
    F: FnMut(P) -> W + Send + 'static,
    W: Future<Output = Result<(Vec<Row>, Option<P>), Problem>> + Send + 'static,
{
    let (rows, place) = next(first).await?;
    let names: Row = header.iter().map(|name| (*name).to_owned()).collect();
    let begin = Bytes::from(format!("{BYTE_ORDER_MARK}{}{}", line(&names), lines(&rows)));
    let pages = stream::unfold((Some(begin), place, next), async |(begun, place, mut next)| {
        if let Some(begun) = begun {
            return Some((Ok(begun), (None, place, next)));
        }
        match next(place?).await {
            Ok((rows, place)) => Some((Ok(Bytes::from(lines(&rows))), (None, place, next))),
            Err(problem) => {
                tracing::warn!("an export was cut off: {}", problem.detail);
                Some((Err(std::io::Error::other("cut off")), (None, None, next)))
            }
        }
    });
    let mut response = Response::new(Body::from_stream(pages));
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}.csv\""));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    headers.insert(header::CONTENT_DISPOSITION, disposition.map_err(|_| Problem::internal())?);
    Ok(response)
}

fn lines(rows: &[Row]) -> String {
    rows.iter().map(line).collect()
}

/// One line (RFC 4180).
fn line(row: &Row) -> String {
    let cells: Vec<String> = row.iter().map(|cell| quoted(&harmless(cell))).collect();
    cells.join(",") + "\r\n"
}

fn quoted(cell: &str) -> String {
    if cell.contains(['"', ',', '\r', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}

/// A cell that no program for tables takes for a formula.
pub fn harmless(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;
    use crate::problem::Code;

    async fn page(place: u8) -> Result<(Vec<Row>, Option<u8>), Problem> {
        match place {
            0 => Ok((vec![vec!["a".to_owned(), "=1+1".to_owned()]], Some(1))),
            1 => Ok((vec![vec!["b, \"c\"".to_owned(), "2".to_owned()]], None)),
            _ => Err(Problem::internal()),
        }
    }

    #[tokio::test]
    async fn all_pages_come_in_one_file_and_no_cell_is_a_formula() {
        let response = csv("things", &["name", "size"], 0, page).await.expect("begun");
        let body = to_bytes(response.into_body(), 1_000).await.expect("whole");

        let text = String::from_utf8(body.to_vec()).expect("UTF-8");
        assert_eq!(text, "\u{feff}name,size\r\na,'=1+1\r\n\"b, \"\"c\"\"\",2\r\n");
    }

    #[tokio::test]
    async fn what_goes_wrong_first_is_a_problem_and_later_cuts_the_file_off() {
        let at_once = csv("things", &["name"], 9, page).await.expect_err("no page");
        let later = csv("things", &["name"], 0, async |place: u8| {
            let (rows, next) = page(place * 9).await?;
            Ok((rows, next))
        });
        let body = to_bytes(later.await.expect("begun").into_body(), 1_000).await;

        assert_eq!(at_once.code, Code::Internal);
        assert!(body.is_err());
    }
}
