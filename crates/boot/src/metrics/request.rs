//! Reads as much of an HTTP/1.x request as we answer to: its method and its path.

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    /// Answer with everything.
    Get,
    /// Answer without the body.
    Head,
    /// Something we do not do.
    Other,
}

/// A request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Request<'a> {
    pub(super) method: Method,
    /// The path, without a query.
    pub(super) path: &'a str,
}

/// Whether the empty line that ends a head has come.
pub(super) fn is_whole(head: &[u8]) -> bool {
    head.windows(4).any(|window| window == b"\r\n\r\n") || head.windows(2).any(|window| window == b"\n\n")
}

impl<'a> Request<'a> {
    /// The request of a whole head; none when it is anything but HTTP/1.x.
    pub(super) fn parse(head: &'a [u8]) -> Option<Self> {
        let line = head.split(|byte| *byte == b'\n').next()?;
        let line = std::str::from_utf8(line).ok()?.trim_end_matches('\r');
        let mut words = line.split(' ');
        let (method, target, version) = (words.next()?, words.next()?, words.next()?);
        if words.next().is_some() || !version.starts_with("HTTP/1.") || !target.starts_with('/') {
            return None;
        }
        if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            return None;
        }
        let method = match method {
            "GET" => Method::Get,
            "HEAD" => Method::Head,
            _ => Method::Other,
        };
        Some(Self { method, path: target.split('?').next().unwrap_or(target) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_its_method_and_its_path() {
        let request = Request::parse(b"GET /metrics?name[]=x HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();

        assert_eq!(request, Request { method: Method::Get, path: "/metrics" });
    }

    #[test]
    fn anything_else_is_no_request() {
        for head in [
            b"".as_slice(),
            b"\r\n\r\n",
            b"GET /metrics\r\n\r\n",
            b"GET /metrics HTTP/2\r\n\r\n",
            b"GET metrics HTTP/1.1\r\n\r\n",
            b"GET  /metrics HTTP/1.1\r\n\r\n",
            b"G\x00T /metrics HTTP/1.1\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\xfc\n\n",
        ] {
            assert_eq!(Request::parse(head), None, "{head:?}");
        }
    }

    #[test]
    fn a_head_ends_with_an_empty_line() {
        assert!(is_whole(b"GET / HTTP/1.1\r\n\r\n") && is_whole(b"GET / HTTP/1.0\n\n"));
        assert!(!is_whole(b"GET / HTTP/1.1\r\nhost: x\r\n"));
    }
}
