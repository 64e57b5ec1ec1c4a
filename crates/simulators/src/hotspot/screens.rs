//! What whoever plays with the hotspot sees.

use domain::mac::Mac;
use domain::money::claim::CallbackKind;
use serde_json::{Value, json};

use crate::mpesa::{PendingPrompt, Told};
use crate::sms::Caught;

const STYLE: &str = "*{box-sizing:border-box}body{margin:0;font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,Arial,\
    sans-serif;background:#dfe5ea;color:#17202a}h1{font-size:1.25em;margin:0 0 4px}h2{font-size:1.05em;margin:0 0 8px}\
    p{margin:0 0 10px}main{display:flex;flex-wrap:wrap;gap:24px;padding:20px;justify-content:center}\
    section{width:390px;max-width:100%}iframe{width:100%;border:10px solid #17202a;border-radius:28px;background:#fff}\
    .browser{height:720px}.sim{height:420px}header{padding:20px 20px 0;max-width:820px;margin:0 auto}\
    .card{background:#fff;border-radius:12px;padding:14px;margin:0 0 12px}button{font:inherit;font-weight:700;\
    min-height:48px;width:100%;border:0;border-radius:8px;margin-top:8px;cursor:pointer;background:#0b5d57;color:#fff}\
    button.no{background:#fff;color:#8a1f14;border:2px solid #8a1f14}a{color:#0b4f8a}small{color:#46525e}";

/// The desk: a phone's browser, and the telephone that pays.
pub(super) fn desk() -> String {
    // The phone is another one in each browser that opens the page, and the same as long as it is open.
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width,initial-scale=1\"><title>mnetifi: a phone in the Wi-Fi</title><style>{STYLE}</style>\
         </head><body><header><h1>A phone joins the Wi-Fi</h1><p>Buy an hour on the left with any number as 0712 345 678, \
         type the PIN on the right, and the phone is online. Router, phone and M-Pesa are simulated: no money moves. \
         The server behind them is the real one.</p></header><main><section aria-label=\"The phone's browser\">\
         <h2>The phone's browser</h2><iframe class=\"browser\" id=\"phone\" title=\"The phone's browser\"></iframe>\
         <p><small><a href=\"/\">Another phone</a></small></p></section><section aria-label=\"M-Pesa\">\
         <h2>The telephone that pays</h2><iframe class=\"sim\" title=\"The telephone that pays\" src=\"/prompts\"></iframe>\
         </section></main><script>var m='02';for(var i=0;i<5;i++)m+=':'+('0'+Math.floor(Math.random()*256).toString(16))\
         .slice(-2);document.getElementById('phone').src='/join?mac='+encodeURIComponent(m)</script><noscript><p>\
         <a href=\"/join?mac=02:00:00:00:00:0a\">Open the phone's browser</a></p></noscript></body></html>"
    )
}

/// What lies on telephones, what text messages say, and who is online.
pub(super) fn prompts(open: &[PendingPrompt], texts: &[Caught], online: &[(Mac, String)]) -> String {
    let mut cards = String::new();
    for prompt in open {
        let (phone, business, amount) = (escaped(&prompt.phone), escaped(&prompt.business), prompt.amount);
        let account = escaped(&prompt.account);
        cards += &format!(
            "<div class=\"card\"><small>+{phone}</small><p><b>M-PESA</b><br>Do you want to pay {amount} to {business}, \
             account {account}?</p><form method=\"post\" action=\"/prompts/{phone}/accept\"><button>Type the PIN: pay\
             </button></form><form method=\"post\" action=\"/prompts/{phone}/refuse\"><button class=\"no\">Cancel</button>\
             </form></div>"
        );
    }
    if cards.is_empty() {
        cards =
            "<div class=\"card\"><p>Nothing is on any telephone. M-Pesa's question appears here.</p></div>".to_owned();
    }
    for one in texts {
        let (to, from, text) = (escaped(&one.to), escaped(&one.sender), escaped(&one.text));
        cards += &format!("<div class=\"card\"><small>Text message to +{to} from {from}</small><p>{text}</p></div>");
    }
    let mut lines = String::new();
    for (mac, rate) in online {
        let rate = if rate.is_empty() { "full speed" } else { rate };
        lines += &format!("<li>{mac}: {}</li>", escaped(rate));
    }
    let online = if lines.is_empty() { "<p>Nobody is online.</p>".to_owned() } else { format!("<ul>{lines}</ul>") };
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"1\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>Telephones</title>\
         <style>{STYLE}body{{padding:12px}}</style></head><body>{cards}<div class=\"card\"><h2>Online</h2>{online}</div>\
         </body></html>"
    )
}

/// The same for programs.
pub(super) fn prompts_as_json(open: &[PendingPrompt]) -> String {
    let rows: Vec<_> = open
        .iter()
        .map(|prompt| {
            json!({
                "phone": prompt.phone,
                "business": prompt.business,
                "amount": prompt.amount.to_string(),
                "account": prompt.account,
            })
        })
        .collect();
    json!(rows).to_string()
}

/// When M-Pesa told of paid prompts, the last one last.
pub(super) fn told_as_json(told: &[Told]) -> String {
    let rows: Vec<_> = told
        .iter()
        .filter(|one| one.kind == CallbackKind::Prompt && !one.is_forged)
        .filter_map(|one| Some(json!({ "phone": payer(&one.body)?, "at_micros": one.at.as_micros() })))
        .collect();
    json!(rows).to_string()
}

/// The number in a callback of success.
fn payer(body: &str) -> Option<String> {
    let body: Value = serde_json::from_str(body).ok()?;
    let items = body.pointer("/Body/stkCallback/CallbackMetadata/Item")?.as_array()?;
    let item = items.iter().find(|item| item.get("Name").and_then(Value::as_str) == Some("PhoneNumber"))?;
    item.get("Value").map(|number| number.to_string().replace('"', ""))
}

fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut page, letter| {
        match letter {
            '&' => page.push_str("&amp;"),
            '<' => page.push_str("&lt;"),
            '>' => page.push_str("&gt;"),
            '"' => page.push_str("&#34;"),
            '\'' => page.push_str("&#39;"),
            letter => page.push(letter),
        }
        page
    })
}

#[cfg(test)]
mod tests {
    use domain::money::{Currency, Money};
    use domain::time::Timestamp;

    use super::*;

    #[test]
    fn what_a_business_calls_itself_is_text() {
        let prompt = PendingPrompt {
            phone: "254712345678".to_owned(),
            business: "<b>Sunrise</b>".to_owned(),
            amount: Money::from_minor(2_000, Currency::KES),
            account: "A\"B".to_owned(),
            checkout: String::new(),
            since: Timestamp::from_seconds(0),
        };

        let text = Caught {
            to: "254712345678".to_owned(),
            text: "<i>code</i>".to_owned(),
            sender: "SAVANNA".to_owned(),
            reference: String::new(),
            id: String::new(),
        };
        let page = prompts(&[prompt], &[text], &[]);

        assert!(page.contains("&lt;b&gt;Sunrise") && page.contains("A&#34;B") && !page.contains("<b>Sunrise"));
        assert!(page.contains("&lt;i&gt;code"));
    }
}
