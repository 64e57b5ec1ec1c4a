//! `mnetifi customer …` on the command line.

use clap::{Args, Subcommand};
use domain::email::Email;
use domain::id::CustomerId;
use domain::people::customer::{Address, CustomerName, Identity, IdentityState, Notes};
use domain::platform::place::PlaceName;
use domain::text::Slug;

use super::Paging;

/// `customer …`.
#[derive(Debug, Subcommand)]
pub enum Customer {
    /// Add a customer
    Add(Box<CustomerAdd>),
    /// List customers in the order in which they were added
    List(CustomerList),
    /// Show one customer
    Show(OneCustomer),
    /// Change what is known of a customer; what is left out stays as it is
    Change(Box<CustomerChange>),
    /// Give customers to somebody of the staff who looks after them, or to nobody
    Assign(CustomerAssign),
    /// Forget a customer to whom nothing belongs any more
    Remove(OneCustomer),
}

/// What is known of a customer.
#[derive(Debug, Args)]
pub struct CustomerTerms {
    /// Phone number; `-` for none
    #[arg(long)]
    pub phone: Option<String>,
    /// E-mail address
    #[arg(long)]
    pub email: Option<Email>,
    /// Kind of customer in your own words, as school; `-` for none
    #[arg(long)]
    pub category: Option<String>,
    /// Zone they live in, by its name; `-` for none
    #[arg(long, value_name = "NAME")]
    pub zone: Option<PlaceName>,
    /// Where they are, in words
    #[arg(long)]
    pub address: Option<Address>,
    /// Where they are on a map, in degrees north and east, as -1.286389,36.817223; `-` for nowhere
    #[arg(long, value_name = "NORTH,EAST", allow_hyphen_values = true)]
    pub coordinates: Option<String>,
    /// What staff should know of them
    #[arg(long)]
    pub notes: Option<Notes>,
    /// What they identify themselves with, as national_id=A9081726: national_id, passport, business or other
    #[arg(long, value_parser = identity, value_name = "KIND=NUMBER")]
    pub document: Option<Identity>,
    /// How far that was looked at: none, pending, verified or rejected
    #[arg(long, value_name = "STATE")]
    pub document_is: Option<IdentityState>,
}

/// `customer add`.
#[derive(Debug, Args)]
pub struct CustomerAdd {
    /// Name, as "Mary Wanjiku"
    pub name: CustomerName,
    /// What is known of them.
    #[command(flatten)]
    pub terms: CustomerTerms,
}

/// `customer change`.
#[derive(Debug, Args)]
pub struct CustomerChange {
    /// Id of the customer
    pub id: CustomerId,
    /// Name
    #[arg(long)]
    pub name: Option<CustomerName>,
    /// What is known of them.
    #[command(flatten)]
    pub terms: CustomerTerms,
}

/// `customer list`.
#[derive(Debug, Args)]
pub struct CustomerList {
    /// Only those in this zone
    #[arg(long, value_name = "NAME")]
    pub zone: Option<PlaceName>,
    /// Only those of this kind
    #[arg(long)]
    pub category: Option<Slug>,
    /// Only those whose identity stands so: none, pending, verified or rejected
    #[arg(long, value_name = "STATE")]
    pub document_is: Option<IdentityState>,
    /// How many to show, and where to go on
    #[command(flatten)]
    pub paging: Paging,
}

/// `customer assign`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("whom").required(true).args(["to", "nobody"]))]
pub struct CustomerAssign {
    /// Ids of the customers
    #[arg(required = true, num_args = 1..=1_000)]
    pub ids: Vec<CustomerId>,
    /// E-mail address of whoever looks after them from now on
    #[arg(long, value_name = "EMAIL")]
    pub to: Option<Email>,
    /// Nobody in particular looks after them
    #[arg(long)]
    pub nobody: bool,
}

/// One customer.
#[derive(Debug, Args)]
pub struct OneCustomer {
    /// Id of the customer
    pub id: CustomerId,
}

fn identity(text: &str) -> Result<Identity, String> {
    let bad = || "write the kind and the number, as national_id=A9081726".to_owned();
    let (kind, number) = text.split_once('=').ok_or_else(bad)?;
    Ok(Identity {
        kind: kind.trim().parse().map_err(|why: domain::people::customer::CustomerError| why.to_string())?,
        number: number.trim().parse().map_err(|why: domain::people::customer::CustomerError| why.to_string())?,
    })
}
