//! The terms, and what is not there.

use askama::Template;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::response::Response;
use store::StoreError;

use crate::app::App;
use crate::door::Asked;
use crate::pages::{Sent, Shell, bare, render};

#[derive(Template)]
#[template(path = "text.html")]
struct Text<'a> {
    shell: Shell<'a>,
    title: String,
    text: String,
}

/// `GET /terms`.
pub(super) async fn terms(State(app): State<App>, Extension(asked): Sent) -> Result<Response, Response> {
    page(&app, &asked, "/terms", StatusCode::OK, "terms").map_err(|why| bare::of_store(&why))
}

/// Everything else.
pub(super) async fn nothing_here(State(app): State<App>, Extension(asked): Sent) -> Result<Response, Response> {
    page(&app, &asked, "/", StatusCode::NOT_FOUND, "not-found").map_err(|why| bare::of_store(&why))
}

/// A page of something that is not there, or not any more.
pub(super) fn gone(app: &App, asked: &Asked) -> Result<Response, StoreError> {
    page(app, asked, "/", StatusCode::NOT_FOUND, "gone")
}

fn page(app: &App, asked: &Asked, path: &'static str, status: StatusCode, what: &str) -> Result<Response, StoreError> {
    let shell = Shell::new(app, asked, path)?;
    let (title, text) = (shell.say(&format!("{what}-title")), shell.of_isp(&format!("{what}-text")));
    let nonce = shell.nonce.clone();
    Ok(render(asked, status, &nonce, &Text { shell, title, text }))
}
