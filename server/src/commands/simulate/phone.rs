//! A phone that buys: it joins the demo's Wi-Fi, and whoever holds it pays.

use std::io;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use boot::clock::SystemClock;
use boot::random::OsRandom;
use domain::mac::Mac;
use ports::{Clock as _, Random as _};
use serde::Serialize;
use serde_json::Value;
use simulators::browser::{Browser, Page};
use tokio::time::{Instant, sleep};

use crate::cli::SimulatePhone;
use crate::print;

/// How often it is looked whether something has come.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A phone without a page asks the router again this often.
const APPEARS_EVERY: Duration = Duration::from_millis(500);

/// How long each step may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Simulates what was asked.
pub(super) async fn run(asked: &SimulatePhone, is_json: bool) -> anyhow::Result<()> {
    let mut waits = Vec::new();
    for number in 0..asked.times {
        let is_last_words = is_json || asked.times > 1;
        let bought = Phone::new(asked, number, !is_last_words).buys().await?;
        if is_json {
            print::line(&serde_json::to_string(&bought)?)?;
        }
        waits.push(bought.milliseconds_from_callback_to_online);
    }
    if asked.times > 1 && !is_json {
        waits.sort_unstable();
        let at = |share: usize| waits.get((waits.len() * share).div_ceil(100).saturating_sub(1)).copied().unwrap_or(0);
        print::line(&format!(
            "{} phones bought `{}` and are online. From M-Pesa's callback to the router's yes: median {} ms, 95 of 100 \
             within {} ms, slowest {} ms.",
            waits.len(),
            asked.buys,
            at(50),
            at(95),
            at(100)
        ))?;
    }
    Ok(())
}

/// What came of it.
#[derive(Debug, Serialize)]
struct Bought {
    device: String,
    number: String,
    plan: String,
    code: Option<String>,
    milliseconds: u64,
    milliseconds_from_callback_to_online: u64,
}

struct Phone<'a> {
    asked: &'a SimulatePhone,
    browser: Browser,
    device: Mac,
    /// As M-Pesa has it.
    number: String,
    begun: Instant,
    speaks: bool,
}

impl<'a> Phone<'a> {
    fn new(asked: &'a SimulatePhone, place: u32, speaks: bool) -> Self {
        let mut chance = [0; 8];
        OsRandom.fill(&mut chance);
        let [a, b, c, d, e, ..] = chance;
        let any = u64::from_be_bytes(chance).wrapping_add(u64::from(place)) % 10_000_000;
        let number = asked.number.clone().unwrap_or_else(|| format!("07{:08}", 10_000_000 + any));
        let device = Mac::from_octets([0x02, a, b, c, d, e]);
        Self { asked, browser: Browser::default(), device, number, begun: Instant::now(), speaks }
    }

    fn says(&self, words: &str) -> io::Result<()> {
        if self.speaks {
            print::line(&format!("{:>7.2} s  {words}", self.begun.elapsed().as_secs_f64()))?;
        }
        Ok(())
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.asked.at.trim_end_matches('/'))
    }

    async fn buys(&self) -> anyhow::Result<Bought> {
        let join = self.at(&format!("/join?mac={}", self.device));
        let first = self.browser.opens(&join).await.with_context(|| {
            format!("no simulated Wi-Fi at {}: start `mnetifi demo`, or say --at with what it printed", self.asked.at)
        })?;
        self.says(&format!("{} joins the Wi-Fi, and its browser is sent to {}", self.device, plain(&first.address)))?;
        let waiting = self.chooses(&first).await?;
        let prompt = self.is_asked().await?;
        self.says(&format!(
            "the phone +{} asks: pay {} to {}, account {}?",
            text(&prompt, "phone"),
            text(&prompt, "amount"),
            text(&prompt, "business"),
            text(&prompt, "account")
        ))?;
        let accept = self.at(&format!("/prompts/{}/accept", text(&prompt, "phone")));
        let accepted = self.browser.sends(&accept, &[]).await?;
        ensure!(accepted.status == 200, "{}", accepted.text());
        self.says("the PIN is typed")?;
        let (page, code) = if self.asked.closes_the_page {
            (self.comes_back(&join).await?, None)
        } else {
            self.waits(waiting).await?
        };
        let online_at = SystemClock.now();
        let told_at = self.told_at(text(&prompt, "phone")).await?;
        let waited = u64::try_from(online_at.as_micros().saturating_sub(told_at) / 1_000).unwrap_or(0);
        self.says(&format!("online, {waited} ms after M-Pesa's callback: {}", page.text()))?;
        Ok(Bought {
            device: self.device.to_string(),
            number: text(&prompt, "phone").to_owned(),
            plan: self.asked.buys.clone(),
            code,
            milliseconds: u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            milliseconds_from_callback_to_online: waited,
        })
    }

    /// Chooses the plan and types the number; gives the page that waits.
    async fn chooses(&self, first: &Page) -> anyhow::Result<Page> {
        let ticket = first.field("c").context("the portal's page has no form")?.to_owned();
        let plan = plan_named(&first.html, &self.asked.buys).with_context(|| {
            format!("the portal does not sell `{}` by M-Pesa; it says: {}", self.asked.buys, first.text())
        })?;
        let form = self.browser.opens(&first.absolute(&format!("/buy?plan={plan}&c={ticket}"))).await?;
        self.says(&format!("chooses `{}`: {}", self.asked.buys, form.text()))?;
        let ticket = form.field("c").context("the portal's form carries nothing")?.to_owned();
        let fields = [("c", ticket.as_str()), ("plan", plan), ("phone", &self.number), ("anyway", "1")];
        let waiting = self.browser.sends(&form.absolute("/buy"), &fields).await?;
        ensure!(waiting.address.contains("/pay?"), "the portal does not begin: {}", waiting.text());
        self.says(&format!("types {}: {}", self.number, waiting.text()))?;
        Ok(waiting)
    }

    /// Waits for M-Pesa's question on the telephone.
    async fn is_asked(&self) -> anyhow::Result<Value> {
        let ending = self.number.get(self.number.len().saturating_sub(9)..).unwrap_or_default();
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            let open = self.json("/prompts.json").await?;
            let mine = open.into_iter().find(|prompt| text(prompt, "phone").ends_with(ending));
            if let Some(prompt) = mine {
                return Ok(prompt);
            }
            sleep(LOOK_EVERY).await;
        }
        bail!("M-Pesa asked nothing within {} s", PATIENCE.as_secs());
    }

    /// Looks at the page until it leads to the router, and follows it.
    async fn waits(&self, waiting: Page) -> anyhow::Result<(Page, Option<String>)> {
        let end = Instant::now() + PATIENCE;
        let (_, again) = waiting.onward().context("the page does not look again")?;
        while Instant::now() < end {
            let page = self.browser.opens(&again).await?;
            let onward = page.onward().filter(|(_, to)| to.contains("/login?"));
            if let Some((_, to)) = onward {
                self.says(&format!("the page: {}", page.text()))?;
                let code = page.html.split("class=\"code\">").nth(1).and_then(|rest| rest.split('<').next());
                let online = self.browser.opens(&to).await?;
                ensure!(online.address.contains("/on/"), "the router says no: {}", online.text());
                return Ok((online, code.map(ToOwned::to_owned)));
            }
            sleep(LOOK_EVERY).await;
        }
        bail!("it was not paid within {} s: {}", PATIENCE.as_secs(), self.browser.opens(&again).await?.text());
    }

    /// The page is closed: the phone's next request makes the router ask for its hardware address.
    async fn comes_back(&self, join: &str) -> anyhow::Result<Page> {
        self.says("the page is closed")?;
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            let page = self.browser.opens(join).await?;
            if page.address.contains("/on/") {
                return Ok(page);
            }
            sleep(APPEARS_EVERY).await;
        }
        bail!("the router did not let it in within {} s", PATIENCE.as_secs());
    }

    /// When M-Pesa told of the payment, in microseconds.
    async fn told_at(&self, phone: &str) -> anyhow::Result<i64> {
        let told = self.json("/told.json").await?;
        let mine = told.iter().rev().find(|one| text(one, "phone") == phone);
        mine.and_then(|one| one.get("at_micros")).and_then(Value::as_i64).context("M-Pesa has told nothing")
    }

    async fn json(&self, path: &str) -> anyhow::Result<Vec<Value>> {
        Ok(serde_json::from_str(&self.browser.opens(&self.at(path)).await?.html)?)
    }
}

fn text<'a>(row: &'a Value, name: &str) -> &'a str {
    row.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// An address without what stands behind its path.
fn plain(address: &str) -> &str {
    address.split('?').next().unwrap_or_default()
}

/// The id of the plan with that name, where a page sells it.
fn plan_named<'a>(html: &'a str, name: &str) -> Option<&'a str> {
    let (before, _) = html.split_once(&format!("\" data-plan=\"{name}\""))?;
    before.rsplit("value=\"").next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_found_by_its_whole_name() {
        let html = "<button name=\"plan\" value=\"1\" data-plan=\"hour-2\">Buy</button>\
                    <button name=\"plan\" value=\"2\" data-plan=\"hour\">Buy</button>";

        assert_eq!(
            (plan_named(html, "hour"), plan_named(html, "our"), plan_named(html, "day")),
            (Some("2"), None, None)
        );
    }
}
