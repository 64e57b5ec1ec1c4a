//! The little browser of a phone: no scripts, no cookies, on this machine alone.

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use form_urlencoded::Serializer;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{ACCEPT_LANGUAGE, CONTENT_TYPE, LOCATION};
use hyper::{Method, Request, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::time::timeout;

/// How long a page may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Octets of a page.
const PAGE_MAX_BYTES: usize = 1024 * 1024;

/// Redirects that are followed one after the other.
const REDIRECTS_MAX: usize = 8;

/// A browser.
#[derive(Clone, Debug)]
pub struct Browser {
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Default for Browser {
    fn default() -> Self {
        Self { client: Client::builder(TokioExecutor::new()).build_http() }
    }
}

/// What came.
#[derive(Clone, Debug)]
pub struct Page {
    /// The address that it is of, after all redirects.
    pub address: String,
    /// The status.
    pub status: u16,
    /// The page as it was written.
    pub html: String,
}

impl Browser {
    /// Opens an address, and follows where it leads.
    pub async fn opens(&self, address: &str) -> io::Result<Page> {
        self.follows(Method::GET, address, &[]).await
    }

    /// Sends a form, and follows where it leads.
    pub async fn sends(&self, address: &str, fields: &[(&str, &str)]) -> io::Result<Page> {
        self.follows(Method::POST, address, fields).await
    }

    async fn follows(&self, method: Method, address: &str, fields: &[(&str, &str)]) -> io::Result<Page> {
        let (mut method, mut address) = (method, address.to_owned());
        for _ in 0..REDIRECTS_MAX {
            let (status, to, html) =
                timeout(PATIENCE, self.asks(&method, &address, fields)).await.map_err(io::Error::other)??;
            match to {
                Some(to) => {
                    address = absolute(&address, &to);
                    method = Method::GET;
                }
                None => return Ok(Page { address, status, html }),
            }
        }
        Err(io::Error::other("the page leads nowhere but on and on"))
    }

    async fn asks(
        &self,
        method: &Method,
        address: &str,
        fields: &[(&str, &str)],
    ) -> io::Result<(u16, Option<String>, String)> {
        let uri: Uri = address.parse().map_err(io::Error::other)?;
        if !is_here(&uri) {
            return Err(io::Error::other(format!("`{address}` is not on this machine")));
        }
        let body = match *method {
            Method::POST => Serializer::new(String::new()).extend_pairs(fields).finish(),
            _ => String::new(),
        };
        let request = Request::builder()
            .method(method)
            .uri(uri)
            .header(ACCEPT_LANGUAGE, "en")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::new(Bytes::from(body)))
            .map_err(io::Error::other)?;
        let response = self.client.request(request).await.map_err(io::Error::other)?;
        let status = response.status().as_u16();
        let to = response.headers().get(LOCATION).and_then(|to| to.to_str().ok()).map(str::to_owned);
        let body = Limited::new(response.into_body(), PAGE_MAX_BYTES).collect().await.map_err(io::Error::other)?;
        let html = String::from_utf8_lossy(&body.to_bytes()).into_owned();
        Ok((status, to.filter(|_| (300..400).contains(&status)), html))
    }
}

impl Page {
    /// An address that stands in the page, from its own.
    pub fn absolute(&self, to: &str) -> String {
        absolute(&self.address, &to.replace("&#38;", "&").replace("&amp;", "&"))
    }

    /// The value of the first field of that name in its forms.
    pub fn field(&self, name: &str) -> Option<&str> {
        let (_, after) = self.html.split_once(&format!("name=\"{name}\" value=\""))?;
        after.split('"').next()
    }

    /// Where the browser goes by itself, and after how many seconds.
    pub fn onward(&self) -> Option<(u32, String)> {
        let (_, after) = self.html.split_once("http-equiv=\"refresh\" content=\"")?;
        let (seconds, to) = after.split('"').next()?.split_once(";url=")?;
        Some((seconds.parse().ok()?, self.absolute(to)))
    }

    /// What a person reads of it, without what stands above and below every page.
    pub fn text(&self) -> String {
        let inner = self.html.split_once("<main>").and_then(|(_, rest)| rest.split_once("</main>"));
        let shown = inner.map_or(self.html.rsplit("</style>").next().unwrap_or_default(), |(inner, _)| inner);
        let mut text = String::new();
        let mut is_mark = false;
        for letter in shown.chars() {
            match letter {
                '<' => {
                    is_mark = true;
                    text.push(' ');
                }
                '>' => is_mark = false,
                _ if is_mark => {}
                _ => text.push(letter),
            }
        }
        let text = text.replace("&#38;", "&").replace("&amp;", "&").replace("&#39;", "'").replace("&#34;", "\"");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

fn absolute(from: &str, to: &str) -> String {
    if to.starts_with("http://") || to.starts_with("https://") {
        return to.to_owned();
    }
    let after = from.find("://").map_or(0, |place| place + 3);
    let end = from.get(after..).and_then(|rest| rest.find('/')).map_or(from.len(), |length| after + length);
    format!("{}{to}", from.get(..end).unwrap_or_default())
}

fn is_here(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let is_loopback = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    uri.scheme_str() == Some("http") && is_loopback
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_as_a_browser_reads_it() {
        let html = "<style>p{}</style><meta http-equiv=\"refresh\" content=\"3;url=/pay?p=1&#38;c=2\"><p>Look at\
                    <b>your</b> phone</p><input name=\"c\" value=\"xyz\">";
        let page = Page { address: "http://127.0.0.1:8/a/b".to_owned(), status: 200, html: html.to_owned() };

        assert_eq!(page.onward(), Some((3, "http://127.0.0.1:8/pay?p=1&c=2".to_owned())));
        assert_eq!((page.field("c"), page.field("d")), (Some("xyz"), None));
        assert_eq!(page.text(), "Look at your phone");
        assert_eq!(page.absolute("http://localhost:9/x"), "http://localhost:9/x");
    }

    #[test]
    fn nobody_elses_machine_is_asked() {
        for (address, here) in
            [("http://localhost:1/", true), ("http://127.0.0.1/", true), ("http://example.net/", false)]
        {
            assert_eq!(is_here(&address.parse().expect("an address")), here, "{address}");
        }
    }
}
