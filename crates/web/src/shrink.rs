//! Pages made small on their way to a phone: gzip, where the browser takes it.

use std::io::Write as _;

use axum::http::{HeaderMap, header};
use flate2::Compression;
use flate2::write::GzEncoder;

/// Below it, the wrapping costs what is gained.
const WORTH_IT_BYTES: usize = 256;

/// Whether somebody takes gzip. `gzip;q=0` says that they do not.
pub fn takes_gzip(asked: &HeaderMap) -> bool {
    let offers = asked.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    offers.flat_map(|value| value.split(',')).any(|offer| {
        let (name, weight) = offer.split_once(';').unwrap_or((offer, ""));
        let refused = weight.trim().strip_prefix("q=").is_some_and(|q| q.trim().parse() == Ok(0.0));
        name.trim().eq_ignore_ascii_case("gzip") && !refused
    })
}

/// The same octets smaller, if they get smaller.
pub fn gzip(octets: &[u8]) -> Option<Vec<u8>> {
    if octets.len() < WORTH_IT_BYTES {
        return None;
    }
    let mut encoder = GzEncoder::new(Vec::with_capacity(octets.len() / 2), Compression::new(6));
    encoder.write_all(octets).ok()?;
    encoder.finish().ok().filter(|small| small.len() < octets.len())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;

    use super::*;

    fn offered(text: &'static str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, text.parse().expect("a header"));
        takes_gzip(&headers)
    }

    #[test]
    fn who_says_gzip_gets_it_and_who_forbids_it_does_not() {
        assert!(offered("gzip, deflate, br") && offered("br;q=1.0, GZIP;q=0.5"));
        assert!(!offered("br") && !offered("gzip;q=0") && !offered("gzip; q=0.000") && !offered("xgzip"));
        assert!(!takes_gzip(&HeaderMap::new()));
    }

    #[test]
    fn what_is_small_already_stays_as_it_is() {
        let page = "<p>an hour for KES 10</p>".repeat(40);

        let small = gzip(page.as_bytes()).expect("smaller");
        let mut back = String::new();
        GzDecoder::new(small.as_slice()).read_to_string(&mut back).expect("gzip");

        assert!(back == page && small.len() * 4 < page.len(), "{} of {}", small.len(), page.len());
        assert_eq!(gzip(b"short"), None);
    }
}
