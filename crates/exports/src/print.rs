//! Vouchers to be printed and cut: a page of HTML that needs nothing from anywhere.
//!
//! A4, three cards beside each other and eight below; dashed lines show where to cut, and no card is divided by the end
//! of a sheet. The code stands in short groups, for people, and as a QR code, for cameras.

use domain::money::Money;
use domain::sales::voucher::VoucherCode;
use fast_qr::qr::QRBuilder;
use fast_qr::{ECL, QRCode};
use thiserror::Error;

/// Cards on one sheet.
pub const CARDS_PER_SHEET: usize = 24;

/// What stands for the code in the address that a QR code opens.
pub const CODE_PLACE: &str = "{code}";

/// Most letters of a code that stand together.
const GROUP_MAX: usize = 4;

/// What all cards of a batch say.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cards {
    /// The provider's name.
    pub provider: String,
    /// The plan's name.
    pub plan: String,
    /// What it costs.
    pub price: Money,
    /// How long it lasts, in words.
    pub duration: String,
    /// Until when it may be sold or first used, in words.
    pub sell_by: Option<String>,
    /// What a QR code opens, with [`CODE_PLACE`] in it; without it, a QR code holds the code alone.
    pub address: Option<String>,
}

/// A code that does not fit into a QR code: only an address that is much too long can do that.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("the address is too long for a QR code: give a shorter one")]
pub struct TooLong;

impl Cards {
    /// The beginning of the page.
    pub fn head(&self) -> String {
        let title = escaped(&format!("{} · {}", self.provider, self.plan));
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n\
             <style>{STYLE}</style>\n</head>\n<body>\n"
        )
    }

    /// Whole sheets of cards; the last one may have fewer. Give it [`CARDS_PER_SHEET`] at a time, or a multiple.
    pub fn push_sheets(&self, html: &mut String, codes: &[VoucherCode]) -> Result<(), TooLong> {
        for sheet in codes.chunks(CARDS_PER_SHEET) {
            html.push_str("<section>\n");
            for code in sheet {
                self.push_card(html, code)?;
            }
            html.push_str("</section>\n");
        }
        Ok(())
    }

    /// The end of the page.
    pub const fn tail() -> &'static str {
        "</body>\n</html>\n"
    }

    fn push_card(&self, html: &mut String, code: &VoucherCode) -> Result<(), TooLong> {
        let code = code.expose();
        let held = match &self.address {
            Some(address) => address.replace(CODE_PLACE, code),
            None => code.to_owned(),
        };
        let qr = QRBuilder::new(held).ecl(ECL::M).build().map_err(|_| TooLong)?;
        html.push_str(&format!(
            "<article><h2>{}</h2><div class=\"words\"><p class=\"plan\">{}</p><p>{}</p><p>{}</p>{}</div>{}\
             <p class=\"code\">{}</p></article>\n",
            escaped(&self.provider),
            escaped(&self.plan),
            escaped(&self.price.to_string()),
            escaped(&self.duration),
            self.sell_by.as_deref().map(|day| format!("<p>use by {}</p>", escaped(day))).unwrap_or_default(),
            picture(&qr),
            grouped(code),
        ));
        Ok(())
    }
}

/// A QR code as a picture: each run of dark modules is one stroke.
fn picture(qr: &QRCode) -> String {
    let size = qr.size;
    let mut path = String::new();
    for row in 0..size {
        let mut column = 0;
        while column < size {
            let begin = column;
            while column < size && qr[row][column].value() {
                column += 1;
            }
            if column > begin {
                path.push_str(&format!("M{begin} {row}.5h{}", column - begin));
            } else {
                column += 1;
            }
        }
    }
    // Four modules of quiet on each side: without them cameras do not find it.
    let whole = size + 8;
    format!(
        "<svg viewBox=\"-4 -4 {whole} {whole}\" shape-rendering=\"crispEdges\" role=\"img\" aria-label=\"QR code\">\
         <path d=\"{path}\" stroke=\"#000\"/></svg>"
    )
}

/// The code in groups as even as can be, each on its own, so that whoever copies it sees where they are and no letter
/// stands alone. A copied code has no spaces.
fn grouped(code: &str) -> String {
    let letters: Vec<char> = code.chars().collect();
    let mut groups: Vec<String> = Vec::new();
    let mut rest = letters.as_slice();
    for left in (1..=letters.len().div_ceil(GROUP_MAX)).rev() {
        let (group, after) = rest.split_at(rest.len().div_ceil(left));
        groups.push(group.iter().collect());
        rest = after;
    }
    groups.iter().map(|group| format!("<b>{}</b>", escaped(group))).collect()
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// A sheet is 210 by 297 mm with 8 mm around the cards, so that printers reach every edge that is cut.
const STYLE: &str = "@page{size:A4;margin:8mm}*{box-sizing:border-box;margin:0}\
body{font:9pt/1.25 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;color:#000;background:#fff}\
section{display:grid;grid-template-columns:repeat(3,1fr);grid-auto-rows:35mm;width:194mm;break-after:page}\
section:last-of-type{break-after:auto}\
article{border:.3mm dashed #777;margin:0 -.3mm -.3mm 0;padding:2mm 2.5mm;break-inside:avoid;overflow:hidden;\
display:grid;grid-template:auto 1fr auto/1fr 20mm;column-gap:1mm}\
h2{grid-column:1/3;font-size:9pt;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}\
.words p{white-space:nowrap;overflow:hidden;text-overflow:ellipsis}.plan{font-weight:600}\
svg{width:20mm;height:20mm;align-self:start;justify-self:end}\
.code{grid-column:1/3;font:700 12.5pt/1 ui-monospace,'DejaVu Sans Mono',Consolas,monospace;letter-spacing:.03em}\
.code b+b{margin-left:2mm}\
@media screen{body{background:#ddd;padding:8mm 0}section{margin:0 auto 8mm;padding:8mm;width:210mm;\
min-height:297mm;background:#fff;align-content:start}}";

#[cfg(test)]
mod tests {
    use domain::money::Currency;

    use super::*;

    fn cards() -> Cards {
        Cards {
            provider: "Savanna <Net> & Co".to_owned(),
            plan: "day".to_owned(),
            price: Money::from_minor(5_000, Currency::KES),
            duration: "1 day".to_owned(),
            sell_by: None,
            address: None,
        }
    }

    fn codes(count: usize) -> Vec<VoucherCode> {
        (0..count).map(|number| format!("Code{number:05}").parse().expect("a code")).collect()
    }

    #[test]
    fn a_page_has_a_card_for_each_code_on_sheets_of_so_many() {
        let cards = cards();
        let mut html = cards.head();

        cards.push_sheets(&mut html, &codes(50)).expect("fits");
        html.push_str(Cards::tail());

        assert_eq!(html.matches("<article>").count(), 50);
        assert_eq!(html.matches("<section>").count(), 3);
        assert_eq!(html.matches("<svg").count(), 50);
        assert!(html.contains("<b>Cod</b><b>e00</b><b>049</b>"), "the last code, in groups");
        assert!(html.contains("Savanna &lt;Net&gt; &amp; Co") && !html.contains("<Net>"));
        assert!(!html.contains("http"), "it needs nothing from anywhere");
    }

    #[test]
    fn an_address_that_no_qr_code_holds_is_told() {
        let long = Cards { address: Some(format!("http://{}/{CODE_PLACE}", "x".repeat(3_000))), ..cards() };

        assert_eq!(long.push_sheets(&mut String::new(), &codes(1)), Err(TooLong));
    }
}
