//! A statement of the gateway is brought in: what was known stays, what was said is proven, what nobody had heard of is new.

use std::io::Read as _;

use domain::money::arrival::Source;
use exports::table::Cell;
use exports::xlsx::Sheets;
use serde_json::{Value, json};

use super::{Counter, rows};

const HEAD: &str = "Organization Statement\nAccount Holder,SAVANNA NET\n\nReceipt No.,Completion Time,Details,Transaction \
                    Status,Paid In,Withdrawn,Reason Type,Other Party Info,Linked Transaction ID,A/C No.\n";

impl Counter {
    /// The wall clock now, as the portal writes it.
    fn wall_clock(&self) -> String {
        self.world.context().now().in_zone(&self.world.isp.tenant.zone)
    }

    async fn brings(&self, query: &str, statement: &str) -> anyhow::Result<Value> {
        let path = format!("/v1/gateways/{}/statement{query}", self.gateway);
        Ok(self.ours.send_octets("POST", &path, Some("text/csv"), statement.as_bytes()).await?.is(200)?.json())
    }
}

fn became(imported: &Value) -> Vec<(&str, &str)> {
    let all = imported["rows"].as_array().expect("a list");
    all.iter().map(|row| (row["became"].as_str().unwrap_or(""), row["state"].as_str().unwrap_or("-"))).collect()
}

#[tokio::test]
async fn each_row_of_a_statement_is_known_proven_or_new_and_never_counted_twice() -> anyhow::Result<()> {
    let counter = Counter::opens().await?;
    let house = counter.house("ppp1042").await?;
    counter.buys().await?;
    let receipt = counter.world.gateway.pays();
    counter.passes(25).await?;
    counter.is_told(&counter.world.gateway.transfer(&receipt), Source::Pull, true).await?;
    let said = counter.world.gateway.is_paid_by_hand("wifi", 700, "254712***126");
    counter.is_told(&said, Source::Confirmation, false).await?;
    let absent = counter.world.gateway.is_paid_by_hand("wifi", 300, "254712***126");
    counter.is_told(&absent, Source::Pull, true).await?;
    let now = counter.wall_clock();
    counter.passes(5).await?;
    let later = counter.wall_clock();
    let statement = format!(
        "{HEAD}{receipt},{now},Pay Bill,Completed,20.00,,Pay Bill Online,254712***678 - MARY,,\n\
         {receipt},{now},Pay Bill Charge,Completed,,-0.50,Charge,,,\n\
         {},{now},Pay Bill,Completed,7.00,,Pay Bill Online,254712***126 - JANE,,wifi\n\
         UAF9990001,{later},Pay Bill,Completed,20.00,,Pay Bill Online,254799***111 - ALI,,ppp-1042\n\
         UAF9990002,{now},Pay Bill,Completed,\"1,000.00\",,Pay Bill Online,254799***111 - ALI,,who knows\n\
         oops,{now},Pay Bill,Completed,twenty,,,,,\n",
        said.receipt
    );
    let expected = [
        ("known", "for_payment"),
        ("passed", "-"),
        ("proven", "pending"),
        ("new", "in_wallet"),
        ("new", "pending"),
        ("faulty", "-"),
    ];

    let dry = counter.brings("?dry_run=true", &statement).await?;
    assert_eq!((became(&dry), &dry["dry_run"]), (expected.to_vec(), &json!(true)), "{dry}");
    assert_eq!(counter.sees("/v1/arrivals?q=UAF9990001").await?["items"], json!([]), "nothing was written");
    let brought = counter.brings("", &statement).await?;
    let again = counter.brings("", &statement).await?;

    assert_eq!(became(&brought), expected, "{brought}");
    assert_eq!(brought["sum"]["minor"], 104_700);
    let absent_row = brought["missing"].as_array().expect("a list");
    assert_eq!((absent_row.len(), &absent_row[0]["receipt"]), (1, &json!(absent.receipt.as_str())));
    assert_eq!((&again["known"], &again["new"], &again["proven"]), (&json!(4), &json!(0), &json!(0)), "{again}");
    let renewed = counter.sees(&format!("/v1/payments?subscriber={house}")).await?;
    assert_eq!(rows(&renewed)[0]["state"], "paid", "the account in the statement was understood");
    let entries = counter.sees("/v1/ledger?kind=arrival").await?;
    assert_eq!(rows(&entries).len(), 5, "each sum once");
    counter.is_whole().await
}

#[tokio::test]
async fn what_the_statement_has_taken_back_is_taken_off() -> anyhow::Result<()> {
    let counter = Counter::opens().await?;
    let payment = counter.buys().await?;
    let receipt = counter.world.gateway.pays();
    counter.passes(25).await?;
    counter.is_told(&counter.world.gateway.transfer(&receipt), Source::Pull, true).await?;
    let now = counter.wall_clock();
    let statement = format!("{HEAD}UAF9990009,{now},Reversal,Completed,,-20.00,Pay Utility Reversal,,{receipt},\n");

    let brought = counter.brings("", &statement).await?;
    let again = counter.brings("", &statement).await?;

    assert_eq!(became(&brought), [("went_back", "reversed")], "{brought}");
    assert_eq!(became(&again), [("nothing", "reversed")], "{again}");
    let story = counter.sees(&format!("/v1/payments/{}", payment.id)).await?;
    assert_eq!(story["payment"]["state"], "reversed");
    let trouble = rows(&counter.sees("/v1/exceptions").await?)[0].clone();
    assert_eq!((&trouble["kind"], &trouble["action"]["verb"]), (&json!("money_reversed"), &json!("see")), "{trouble}");
    counter.is_whole().await
}

#[tokio::test]
async fn a_workbook_is_a_statement_too_and_what_is_none_says_so() -> anyhow::Result<()> {
    let counter = Counter::opens().await?;
    let columns = ["Receipt No.", "Completion Time", "Transaction Status", "Paid In", "A/C No."];
    let mut sheets = Sheets::new(&std::env::temp_dir(), &columns)?;
    let texts = ["UAF9990001", &counter.wall_clock(), "Completed"].map(Cell::text);
    sheets.push_row(texts.into_iter().chain([Cell::Number(20.5), Cell::text("nobody & co")]).collect())?;
    let mut workbook = Vec::new();
    sheets.finish()?.read_to_end(&mut workbook)?;
    let path = format!("/v1/gateways/{}/statement", counter.gateway);
    let kind = Some("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet");

    let brought = counter.ours.send_octets("POST", &path, kind, &workbook).await?.is(200)?.json();
    let nothing = counter.ours.send_octets("POST", &path, kind, b"PK\x03\x04 nothing").await?;
    let other = counter.ours.send_octets("POST", &path, Some("text/csv"), b"name,phone\nanna,0712345678\n").await?;
    let json = counter.ours.post(&path, json!({})).await?;
    let theirs = counter.theirs.send_octets("POST", &path, kind, &workbook).await?;

    assert_eq!(became(&brought), [("new", "pending")], "{brought}");
    assert_eq!(brought["rows"][0]["amount"]["minor"], 2_050);
    for refused in [&nothing, &other] {
        assert_eq!((refused.status, refused.code().as_str()), (422, "invalid"), "{}", refused.text());
        assert!(refused.text().contains("M-Pesa portal"), "{}", refused.text());
    }
    assert_eq!((json.status, theirs.status), (415, 404));
    let audit = counter.sees("/v1/audit?verb=import_statement").await?;
    assert_eq!(rows(&audit).len(), 1, "{audit}");
    Ok(())
}
