//! Whole lists as files: rows are read page by page and sent as they come, so a long list takes no more memory than a
//! short one.
//!
//! A file that breaks off half-way breaks the connection, so nobody takes it for a whole one.

use std::future::Future;
use std::io::Read as _;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use exports::csv;
use exports::table::{Cell, Format};
use exports::xlsx::{Sheets, WriteError};
use futures_util::stream;
use serde::Deserialize;
use store::StoreError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use utoipa::ToSchema;

use crate::problem::{Code, Problem};

/// Rows that are read at a time.
pub(crate) const PAGE: u16 = 1_000;

/// Files that are written at once, of all providers together.
const FILES_MAX: usize = 4;

/// Pieces of a file that wait for a slow reader.
const WAITING_MAX: usize = 2;

/// Octets of a workbook that are sent at a time.
const PIECE: usize = 64 * 1024;

static PLACES: std::sync::LazyLock<Arc<Semaphore>> = std::sync::LazyLock::new(|| Arc::new(Semaphore::new(FILES_MAX)));

/// The kind of file that is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// Comma-separated values.
    #[default]
    Csv,
    /// A workbook.
    Xlsx,
}

impl Kind {
    const fn format(self) -> Format {
        match self {
            Self::Csv => Format::Csv,
            Self::Xlsx => Format::Xlsx,
        }
    }
}

/// A list that is read page by page.
pub(crate) trait Pages: Send + 'static {
    /// The rows of the next page; `None` at the end. A page may be empty although another one follows.
    fn next(&mut self) -> impl Future<Output = Result<Option<Vec<Vec<Cell>>>, StoreError>> + Send;
}

/// Answers with a list as a file: `vouchers.csv`.
pub(crate) fn table(
    kind: Kind,
    name: &'static str,
    columns: &'static [&'static str],
    pages: impl Pages,
) -> Result<Response, Problem> {
    let format = kind.format();
    let place = place()?;
    let body = sent(move |pieces| async move {
        match format {
            Format::Csv => write_csv(columns, pages, &pieces).await,
            Format::Xlsx => write_workbook(columns, pages, &pieces).await,
        }
        .inspect_err(|why| tracing::warn!("the file {name}.{} broke off: {why}", format.name()))?;
        drop(place);
        Ok(())
    });
    file(body, &format!("{name}.{}", format.name()), format.media_type(), "attachment")
}

/// Answers with texts that are made one after the other.
pub(crate) fn page(name: &str, first: String, pages: impl Texts) -> Result<Response, Problem> {
    let place = place()?;
    let body = sent(move |pieces| async move {
        let mut pages = pages;
        let mut text = first;
        loop {
            if pieces.send(Ok(Bytes::from(text))).await.is_err() {
                return Ok(());
            }
            match pages.next().await? {
                Some(next) => text = next,
                None => break,
            }
        }
        drop(place);
        Ok(())
    });
    let mut response = file(body, name, "text/html; charset=utf-8", "inline")?;
    // It has a style and pictures of its own, and nothing else: no script, nothing from anywhere.
    let policy = HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}

/// A text that is made piece by piece.
pub(crate) trait Texts: Send + 'static {
    /// The next piece; `None` at the end.
    fn next(&mut self) -> impl Future<Output = Result<Option<String>, FileError>> + Send;
}

fn place() -> Result<OwnedSemaphorePermit, Problem> {
    Arc::clone(&PLACES).try_acquire_owned().map_err(|_| {
        Problem::new(Code::TooMany, "other files are being written at the moment; try again in a few seconds").after(5)
    })
}

/// Why a file broke off.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A workbook could not be written.
    #[error(transparent)]
    Workbook(#[from] WriteError),
    /// The disk.
    #[error(transparent)]
    Disk(#[from] std::io::Error),
    /// A card could not be drawn.
    #[error(transparent)]
    Card(#[from] exports::print::TooLong),
    /// Somebody stopped us.
    #[error("it was stopped")]
    Stopped,
}

type Piece = Result<Bytes, FileError>;

/// A body that a task of its own writes. What it fails with breaks the connection.
fn sent<Writing>(write: impl FnOnce(mpsc::Sender<Piece>) -> Writing) -> Body
where
    Writing: Future<Output = Result<(), FileError>> + Send + 'static,
{
    let (pieces, waiting) = mpsc::channel(WAITING_MAX);
    let writing = write(pieces.clone());
    tokio::spawn(async move {
        if let Err(why) = writing.await {
            // Nobody listens any more: they have gone.
            drop(pieces.send(Err(why)).await);
        }
    });
    Body::from_stream(stream::unfold(waiting, |mut waiting| async move { Some((waiting.recv().await?, waiting)) }))
}

async fn write_csv(columns: &[&str], mut pages: impl Pages, pieces: &mpsc::Sender<Piece>) -> Result<(), FileError> {
    let mut text = csv::header(columns);
    while let Some(rows) = pages.next().await? {
        rows.into_iter().for_each(|row| csv::push_row(&mut text, row));
        if pieces.send(Ok(Bytes::from(std::mem::take(&mut text)))).await.is_err() {
            return Ok(());
        }
    }
    drop(pieces.send(Ok(Bytes::from(text))).await);
    Ok(())
}

async fn write_workbook(
    columns: &[&str],
    mut pages: impl Pages,
    pieces: &mpsc::Sender<Piece>,
) -> Result<(), FileError> {
    let mut sheets = Sheets::new(&tempfile::env::temp_dir(), columns)?;
    while let Some(rows) = pages.next().await? {
        for row in rows {
            sheets.push_row(row)?;
        }
        if pieces.is_closed() {
            return Ok(());
        }
    }
    // Packing takes a while: other requests go on meanwhile.
    let mut file = tokio::task::spawn_blocking(move || sheets.finish()).await.map_err(|_| FileError::Stopped)??;
    loop {
        let mut piece = vec![0; PIECE];
        let read = file.read(&mut piece)?;
        piece.truncate(read);
        if read == 0 || pieces.send(Ok(Bytes::from(piece))).await.is_err() {
            return Ok(());
        }
    }
}

fn file(body: Body, name: &str, media_type: &'static str, shown: &str) -> Result<Response, Problem> {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    let disposition = format!("{shown}; filename=\"{name}\"");
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_str(&disposition).map_err(|_| Problem::internal())?);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
