//! Whether two messages tell of one money: a prompt that is paid is told by its look-up (without a receipt), by its
//! callback (a receipt that anybody could have made up), and by the gateway's books (without the prompt).
//!
//! In doubt it is one: then no money is counted that did not come, and what was counted too little is found by its own
//! receipt in the gateway's books.

use domain::money::Money;
use domain::money::claim::Receipt;

/// Money of a payment that is known already.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Known {
    /// Its receipt.
    pub receipt: Option<Receipt>,
    /// Whether the gateway itself has told that number.
    pub is_receipt_proven: bool,
    /// How much.
    pub amount: Money,
    /// Whether it may be what the prompt brought: the look-up of the prompt was taken for it.
    pub is_of_prompt: bool,
}

/// What is told now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Told {
    /// The receipt.
    pub receipt: Option<Receipt>,
    /// Whether the gateway itself tells that number.
    pub is_receipt_proven: bool,
    /// How much.
    pub amount: Money,
    /// Whether it is told of the prompt.
    pub is_of_prompt: bool,
}

/// Which money it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Same {
    /// Money that is not known yet.
    Other,
    /// One that is known, by its place.
    Is {
        /// Its place.
        place: usize,
        /// Whether it has the told receipt from now on.
        takes_receipt: bool,
    },
    /// Money that is not known yet; and the receipt that one was said to have was this one's, so it has none.
    OtherTakes {
        /// The place of the one that loses it.
        place: usize,
    },
    /// They cannot both be true, and neither is proven: somebody must look.
    Contradicts {
        /// The place of the one that is known.
        place: usize,
    },
}

/// Which of the money of one payment it is that is told.
pub fn which(known: &[Known], told: &Told) -> Same {
    if let Some(place) = known.iter().position(|one| one.receipt.is_some() && one.receipt == told.receipt) {
        return by_receipt(&known[place], told, place);
    }
    if told.is_of_prompt {
        return which_of_prompt(known, told);
    }
    // Money that was told without the prompt: it may be what the prompt brought, as long as nobody has proven another.
    let open = known.iter().position(|one| one.is_of_prompt && !one.is_receipt_proven && one.amount == told.amount);
    match (open, open.and_then(|place| known[place].receipt.as_ref())) {
        (None, _) => Same::Other,
        (Some(place), None) => Same::Is { place, takes_receipt: true },
        (Some(place), Some(_)) if told.is_receipt_proven => Same::Is { place, takes_receipt: true },
        (Some(place), Some(_)) => Same::Contradicts { place },
    }
}

fn by_receipt(known: &Known, told: &Told, place: usize) -> Same {
    if known.amount == told.amount {
        return Same::Is { place, takes_receipt: told.is_receipt_proven && !known.is_receipt_proven };
    }
    match (known.is_receipt_proven, told.is_receipt_proven) {
        (false, true) => Same::OtherTakes { place },
        (true, _) | (false, false) => Same::Contradicts { place },
    }
}

fn which_of_prompt(known: &[Known], told: &Told) -> Same {
    let place = known
        .iter()
        .position(|one| one.is_of_prompt)
        .or_else(|| known.iter().position(|one| one.amount == told.amount && !is_told_apart(one, told)));
    match place {
        None => Same::Other,
        Some(place) if is_told_apart(&known[place], told) => Same::Contradicts { place },
        Some(place) => {
            let takes_receipt = known[place].receipt.is_none() && told.receipt.is_some();
            Same::Is { place, takes_receipt }
        }
    }
}

/// Whether both have a receipt, and not the same.
fn is_told_apart(known: &Known, told: &Told) -> bool {
    known.receipt.is_some() && told.receipt.is_some() && known.receipt != told.receipt
}

#[cfg(test)]
mod tests {
    use domain::money::Currency;

    use super::*;

    fn ksh(minor: i64) -> Money {
        Money::from_minor(minor, Currency::KES)
    }

    fn receipt(text: &str) -> Option<Receipt> {
        Some(text.parse().expect("good"))
    }

    fn of_prompt(text: Option<Receipt>, proven: bool) -> Known {
        Known { receipt: text, is_receipt_proven: proven, amount: ksh(2_000), is_of_prompt: true }
    }

    fn by_books(text: &str, proven: bool) -> Told {
        Told { receipt: receipt(text), is_receipt_proven: proven, amount: ksh(2_000), is_of_prompt: false }
    }

    #[test]
    fn a_prompt_and_its_copy_by_the_shortcode_are_one_money() {
        let known = [of_prompt(None, false)];

        assert_eq!(which(&known, &by_books("UAF3K7Q2ZD", false)), Same::Is { place: 0, takes_receipt: true });
        let known = [of_prompt(receipt("UAF3K7Q2ZD"), false)];
        assert_eq!(which(&known, &by_books("UAF3K7Q2ZD", true)), Same::Is { place: 0, takes_receipt: true });
        assert_eq!(which(&known, &by_books("UAF3K7Q2ZD", false)), Same::Is { place: 0, takes_receipt: false });
    }

    #[test]
    fn a_receipt_that_somebody_made_up_gives_way_to_a_proven_one() {
        let known = [of_prompt(receipt("FORGED0000"), false)];

        assert_eq!(which(&known, &by_books("UAF3K7Q2ZD", true)), Same::Is { place: 0, takes_receipt: true });
        assert_eq!(which(&known, &by_books("UAF3K7Q2ZD", false)), Same::Contradicts { place: 0 });
    }

    #[test]
    fn money_beside_a_proven_prompt_is_other_money() {
        let known = [of_prompt(receipt("UAF3K7Q2ZD"), true)];

        assert_eq!(which(&known, &by_books("UAF9999999", true)), Same::Other);
        assert_eq!(which(&known, &by_books("UAF9999999", false)), Same::Other);
    }

    #[test]
    fn a_claim_of_another_amount_under_one_receipt_is_looked_at_and_proof_of_it_is_other_money() {
        let known = [of_prompt(receipt("UAF3K7Q2ZD"), false)];
        let other = |proven| Told { amount: ksh(100), ..by_books("UAF3K7Q2ZD", proven) };

        assert_eq!(which(&known, &other(false)), Same::Contradicts { place: 0 });
        assert_eq!(which(&known, &other(true)), Same::OtherTakes { place: 0 });
        let known = [of_prompt(receipt("UAF3K7Q2ZD"), true)];
        assert_eq!(which(&known, &other(true)), Same::Contradicts { place: 0 });
    }

    #[test]
    fn the_copy_may_come_before_the_prompt_is_looked_up() {
        let copy = Known { is_of_prompt: false, ..of_prompt(receipt("UAF3K7Q2ZD"), true) };
        let looked_up = Told { receipt: None, is_receipt_proven: false, amount: ksh(2_000), is_of_prompt: true };

        assert_eq!(which(std::slice::from_ref(&copy), &looked_up), Same::Is { place: 0, takes_receipt: false });
        // By its callback it is another one than what was paid by hand.
        let called_back = Told { receipt: receipt("UAF9999999"), ..looked_up };
        assert_eq!(which(&[copy], &called_back), Same::Other);
    }
}
