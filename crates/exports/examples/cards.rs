//! A batch of cards to look at: `cargo run -p exports --example cards > cards.html`.
#![expect(clippy::print_stdout, reason = "the page is what it is for")]

use domain::money::{Currency, Money};
use exports::print::{CODE_PLACE, Cards};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cards = Cards {
        provider: "Savanna Networks of Nairobi and the Rift Valley".to_owned(),
        plan: "day".to_owned(),
        price: Money::from_minor(5_000, Currency::KES),
        duration: "1 day".to_owned(),
        sell_by: Some("2026-12-31 23:59".to_owned()),
        address: Some(format!("http://wifi.savanna.example/login?username={CODE_PLACE}")),
    };
    let codes = (0..50).map(|number| format!("Kq7Xm{number:04}").parse()).collect::<Result<Vec<_>, _>>()?;
    let mut html = cards.head();
    cards.push_sheets(&mut html, &codes)?;
    println!("{html}{}", Cards::tail());
    Ok(())
}
