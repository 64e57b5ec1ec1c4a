//! Money in integer minor units. Never a float, never a guess between currencies. Beneath it, how it moves:
//! [`gateway`] (who takes it), [`claim`] (what somebody says of a payment, and what is proof), [`payment`] (an attempt to
//! pay), [`arrival`] (what has come), [`posting`] (the ledger), [`wallet`] (paid and not yet used), [`refund`] (given back),
//! [`inquiry`] (what a gateway is asked about a receipt).

use std::fmt;

use thiserror::Error;

pub mod arrival;
pub mod claim;
pub mod gateway;
pub mod inquiry;
pub mod payment;
pub mod posting;
pub mod refund;
pub mod wallet;

/// An ISO 4217 currency by its three-letter code.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// Kenyan shilling.
    pub const KES: Self = Self(*b"KES");

    /// The currency with a three-letter code in capitals.
    pub fn from_code(code: &str) -> Result<Self, MoneyError> {
        match <[u8; 3]>::try_from(code.as_bytes()) {
            Ok(letters) if letters.iter().all(u8::is_ascii_uppercase) => Ok(Self(letters)),
            _ => Err(MoneyError::NotACurrency(code.chars().take(12).collect())),
        }
    }

    /// Its three letters.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).expect("invariant: a currency is three ASCII letters")
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Money in one currency, in its smallest unit: Ksh 10.50 is `minor: 1050`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

impl Money {
    /// That many of the smallest unit.
    pub const fn from_minor(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Units of the smallest kind; negative is owed the other way.
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// Its currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// The sum; another currency or an overflow is an error.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrencyMismatch(self.currency, other.currency));
        }
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyError::TooMuch)?;
        Ok(Self { minor, ..self })
    }

    /// The difference; another currency or an overflow is an error.
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.plus(other.negated())
    }

    /// The same the other way round; saturates at the end of all numbers.
    #[must_use]
    pub const fn negated(self) -> Self {
        Self { minor: self.minor.saturating_neg(), ..self }
    }

    /// Whether it is more than nothing.
    pub const fn is_positive(self) -> bool {
        self.minor > 0
    }
}

/// `KES 10.50`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.minor < 0 { "-" } else { "" };
        let minor = self.minor.unsigned_abs();
        write!(f, "{} {sign}{}.{:02}", self.currency.code(), minor / 100, minor % 100)
    }
}

/// Why a sum of money cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MoneyError {
    /// Two currencies in one sum.
    #[error("{0:?} and {1:?} cannot be added")]
    CurrencyMismatch(Currency, Currency),
    /// More than an `i64` of minor units.
    #[error("the amount is too large")]
    TooMuch,
    /// Not three capital letters.
    #[error("`{0}` is not a currency: write its three letters, as KES")]
    NotACurrency(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_currencies_are_never_added() {
        let usd = Currency::from_code("USD").expect("good");

        assert!(Money::from_minor(1, usd).plus(Money::from_minor(1, Currency::KES)).is_err());
    }

    #[test]
    fn a_sum_that_overflows_is_an_error() {
        let most = Money::from_minor(i64::MAX, Currency::KES);

        assert_eq!(most.plus(Money::from_minor(1, Currency::KES)), Err(MoneyError::TooMuch));
    }

    #[test]
    fn money_prints_with_its_currency() {
        assert_eq!(Money::from_minor(-1_050, Currency::KES).to_string(), "KES -10.50");
    }
}
