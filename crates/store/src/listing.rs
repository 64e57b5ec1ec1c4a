//! Lists that are filtered, sorted and searched, in pages by key, over millions of rows.
//!
//! A list's statement is put together from words of ours; every value of a caller is bound. It has two parts. The inner
//! part walks one index in the order of the list: of *drivers* (conditions that an index answers; of several, the rows
//! of any of them). The outer part drops what the other conditions do not want. How many rows the inner part looks at is
//! always said, so that PostgreSQL walks the index instead of sorting all there are: as many as the page has where
//! nothing is dropped, else a few and then more, so that no combination of filters takes long. Where that was
//! not enough to fill a page, the page is short and says where the next one begins.
//!
//! Neither `like` nor `coalesce` is ever asked for: under row-level security only comparisons that cannot leak reach an
//! index, and PostgreSQL takes `coalesce` for one that could.

use std::fmt;
use std::str::FromStr;

use domain::phone::CallingCode;
use domain::time::Timestamp;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, Postgres, QueryBuilder, Row as _};
use thiserror::Error;
use uuid::Uuid;

use crate::columns::Instant;
use crate::error::StoreError;
use crate::page::{Listed, Page};
use crate::tenant_tx::TenantTx;

/// How many rows a page looks at first where some are dropped: enough for most lists, and quick.
const LOOKED_AT_FIRST: i64 = 1_001;

/// The most rows that one page looks at.
const LOOKED_AT_MAX: i64 = 20_000;

/// The most zones, plans or ids that one list is asked for: each is a walk of its own.
pub const ANY_MAX: usize = 200;

/// Where a page ends: what the list is sorted by, of its last row, and its id.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Key {
    /// What the list is sorted by; nothing where that is the id alone.
    pub place: Place,
    /// The row's id.
    pub id: Uuid,
}

/// What a list is sorted by, of one row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// The id, which is the order in which rows were made.
    Made,
    /// A text: a name, a code.
    Text(String),
    /// A moment: an end.
    At(Timestamp),
}

impl Key {
    /// The place of a row in a list that is sorted by when its rows were made.
    pub const fn made(id: Uuid) -> Self {
        Self { place: Place::Made, id }
    }
}

/// As a caller gives it back for the next page.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Made => write!(f, "{}", self.id),
            Place::Text(text) => write!(f, "{}~{text}", self.id),
            Place::At(at) => write!(f, "{}@{}", self.id, at.as_micros()),
        }
    }
}

/// Not a key that a list has given.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("not a place in a list: take the one that the last page ended with")]
pub struct NotAKey;

impl FromStr for Key {
    type Err = NotAKey;
    fn from_str(text: &str) -> Result<Self, NotAKey> {
        const ID_LENGTH: usize = 36;
        let (id, rest) = text.split_at_checked(ID_LENGTH).ok_or(NotAKey)?;
        let id = Uuid::parse_str(id).map_err(|_| NotAKey)?;
        let place = if let Some(text) = rest.strip_prefix('~') {
            Place::Text(text.to_owned())
        } else if let Some(micros) = rest.strip_prefix('@') {
            Place::At(Timestamp::from_micros(micros.parse().map_err(|_| NotAKey)?))
        } else if rest.is_empty() {
            Place::Made
        } else {
            return Err(NotAKey);
        };
        Ok(Self { place, id })
    }
}

/// The way through a list.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Direction {
    /// The smallest first.
    #[default]
    Up,
    /// The greatest first.
    Down,
}

/// A condition: words with one `?` for each value.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    words: &'static str,
    values: Vec<Value>,
}

/// A caller's value, which is bound.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Uuid(Uuid),
    Uuids(Vec<Uuid>),
    Text(String),
    At(Timestamp),
}

impl Condition {
    pub(crate) fn bare(words: &'static str) -> Self {
        Self { words, values: Vec::new() }
    }

    pub(crate) fn of(words: &'static str, value: Value) -> Self {
        Self { words, values: vec![value] }
    }

    /// The same with one value more, for the next `?`.
    pub(crate) fn and(mut self, value: Value) -> Self {
        self.values.push(value);
        self
    }

    /// Texts that begin so. `words` are `column >= ? and column < ?`.
    pub(crate) fn prefix(words: &'static str, prefix: &str) -> Self {
        // PostgreSQL has no texts with a zero in them, so nothing begins so.
        let prefix = prefix.replace('\0', "");
        let beyond = format!("{prefix}{}", char::MAX);
        Self { words, values: vec![Value::Text(prefix), Value::Text(beyond)] }
    }

    fn push(&self, builder: &mut QueryBuilder<Postgres>) {
        let mut values = self.values.iter();
        for (position, part) in self.words.split('?').enumerate() {
            if position > 0 {
                match values.next() {
                    Some(Value::Uuid(value)) => builder.push_bind(*value),
                    Some(Value::Uuids(value)) => builder.push_bind(value.clone()),
                    Some(Value::Text(value)) => builder.push_bind(value.clone()),
                    Some(Value::At(value)) => builder.push_bind(Instant(*value)),
                    None => builder.push("null"),
                };
            }
            builder.push(part);
        }
    }
}

/// One walk: the rows of these conditions, by this expression.
#[derive(Clone, Debug)]
pub(crate) struct Walk {
    pub(crate) conditions: Vec<Condition>,
    /// What it is sorted by beside the id; the walks of one list have the same type of it.
    pub(crate) by: Option<By>,
}

/// An expression that a list is sorted by, never null. There is an index over it and the id.
#[derive(Clone, Copy, Debug)]
pub(crate) enum By {
    Text(&'static str),
    At(&'static str),
}

impl By {
    const fn words(self) -> &'static str {
        match self {
            Self::Text(words) | Self::At(words) => words,
        }
    }
}

/// A list to be asked for.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) table: &'static str,
    pub(crate) columns: &'static str,
    /// At least one; a row that is on several walks is to be on the first of them alone.
    pub(crate) walks: Vec<Walk>,
    /// What else is wanted of a row.
    pub(crate) rest: Vec<Condition>,
    pub(crate) direction: Direction,
}

impl Ask {
    /// The page of the list. `Row` is read from the columns, of which `id` and `place` are the key.
    pub(crate) async fn page<Row>(
        &self,
        tx: &mut TenantTx,
        page: &Page<Key>,
    ) -> Result<Listed<(Key, Row), Key>, StoreError>
    where
        Row: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        if self.walks.is_empty() {
            return Ok(Listed { rows: Vec::new(), next: None });
        }
        if self.rest.is_empty() {
            return Ok(page.cut(self.rows(tx, page, page.limit()).await?, |(key, _)| key.clone()));
        }
        let listed = self.look(tx, page, LOOKED_AT_FIRST).await?;
        let is_all = listed.next.is_none() || listed.rows.len() == page.size();
        if is_all { Ok(listed) } else { self.look(tx, page, LOOKED_AT_MAX).await }
    }

    /// The page, or as much of it as is among so many rows.
    async fn look<Row>(
        &self,
        tx: &mut TenantTx,
        page: &Page<Key>,
        looks: i64,
    ) -> Result<Listed<(Key, Row), Key>, StoreError>
    where
        Row: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let mut listed = page.cut(self.rows(tx, page, looks).await?, |(key, _): &(Key, Row)| key.clone());
        if listed.next.is_none() {
            listed.next = self.last_looked_at(tx, page.key(), looks).await?;
        }
        Ok(listed)
    }

    /// The rows that are wanted of so many that are looked at.
    async fn rows<Row>(&self, tx: &mut TenantTx, page: &Page<Key>, looks: i64) -> Result<Vec<(Key, Row)>, StoreError>
    where
        Row: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let mut builder = QueryBuilder::new(format!("select {}, place from (", self.columns));
        self.push_walks(&mut builder, tx.tenant_uuid(), page.key(), looks);
        builder.push(") looked_at where true");
        for condition in &self.rest {
            builder.push(" and (");
            condition.push(&mut builder);
            builder.push(")");
        }
        self.push_order(&mut builder);
        builder.push(" limit ").push_bind(page.limit());
        let rows = builder.build().persistent(false).fetch_all(tx.connection()).await?;
        rows.iter().map(|row| Ok((self.key(row)?, Row::from_row(row)?))).collect()
    }

    /// The last of so many rows that a page has looked at, if there may be more behind it.
    async fn last_looked_at(
        &self,
        tx: &mut TenantTx,
        after: Option<&Key>,
        looks: i64,
    ) -> Result<Option<Key>, StoreError> {
        let mut builder = QueryBuilder::new("select id, place from (");
        self.push_walks(&mut builder, tx.tenant_uuid(), after, looks);
        builder.push(") looked_at");
        self.push_order(&mut builder);
        builder.push(" limit 1 offset ").push_bind(looks - 1);
        let row = builder.build().persistent(false).fetch_optional(tx.connection()).await?;
        Ok(row.map(|row| self.key(&row)).transpose()?)
    }

    /// The rows of all walks in the order of the list, after a key.
    fn push_walks(&self, builder: &mut QueryBuilder<Postgres>, tenant: Uuid, after: Option<&Key>, looks: i64) {
        builder.push("select * from (");
        for (position, walk) in self.walks.iter().enumerate() {
            if position > 0 {
                builder.push(" union all ");
            }
            let by = walk.by.map_or("null::text", By::words);
            builder.push(format!("(select t.*, {by} as place from {} t where t.tenant_id = ", self.table));
            builder.push_bind(tenant);
            for condition in &walk.conditions {
                builder.push(" and (");
                condition.push(builder);
                builder.push(")");
            }
            if let Some(key) = after {
                self.push_after(builder, walk, key);
            }
            // Each walk in the order of the list and no longer than it: so several are merged instead of sorted.
            self.push_order(builder);
            builder.push(" limit ").push_bind(looks).push(")");
        }
        builder.push(") walked");
        self.push_order(builder);
        builder.push(" limit ").push_bind(looks);
    }

    fn push_after(&self, builder: &mut QueryBuilder<Postgres>, walk: &Walk, key: &Key) {
        let than = match self.direction {
            Direction::Up => " > ",
            Direction::Down => " < ",
        };
        match (walk.by, &key.place) {
            (Some(By::Text(by)), Place::Text(text)) => {
                builder.push(format!(" and ({by}, t.id){than}(")).push_bind(text.replace('\0', ""));
                builder.push(", ").push_bind(key.id).push(")");
            }
            (Some(By::At(by)), Place::At(at)) => {
                builder.push(format!(" and ({by}, t.id){than}(")).push_bind(Instant(*at));
                builder.push(", ").push_bind(key.id).push(")");
            }
            // By the id alone. Or the key of another list: what it says of the order means nothing here.
            (None | Some(By::Text(_) | By::At(_)), _) => {
                builder.push(format!(" and t.id{than}")).push_bind(key.id);
            }
        }
    }

    fn push_order(&self, builder: &mut QueryBuilder<Postgres>) {
        let direction = match self.direction {
            Direction::Up => "",
            Direction::Down => " desc",
        };
        if self.is_by_id() {
            builder.push(format!(" order by id{direction}"));
        } else {
            builder.push(format!(" order by place{direction}, id{direction}"));
        }
    }

    fn is_by_id(&self) -> bool {
        self.walks.iter().all(|walk| walk.by.is_none())
    }

    fn key(&self, row: &PgRow) -> Result<Key, sqlx::Error> {
        let id = row.try_get("id")?;
        let place = match self.walks.first().and_then(|walk| walk.by) {
            None => Place::Made,
            Some(By::Text(_)) => Place::Text(row.try_get("place")?),
            Some(By::At(_)) => Place::At(row.try_get::<Instant, _>("place")?.0),
        };
        Ok(Key { place, id })
    }
}

/// One walk for each of these values, at most [`ANY_MAX`].
pub(crate) fn each(words: &'static str, values: &[Uuid], by: Option<By>) -> Vec<Walk> {
    let mut values = values.to_vec();
    values.sort_unstable();
    values.dedup();
    values.truncate(ANY_MAX);
    let walk = |value: Uuid| Walk { conditions: vec![Condition::of(words, Value::Uuid(value))], by };
    values.into_iter().map(walk).collect()
}

/// What somebody looks for: the beginning of a name, a code or a number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Search {
    /// As it was typed.
    pub(crate) text: String,
    /// As phone numbers are kept, where it may be the beginning of one.
    pub(crate) digits: Option<String>,
}

impl Search {
    /// Most characters that are looked for.
    pub const LENGTH_MAX: usize = 100;

    /// Looks for this text; numbers may be written as people of that country write them.
    pub fn new(text: &str, country: &CallingCode) -> Self {
        let text: String = text.trim().chars().take(Self::LENGTH_MAX).collect();
        let digits = country.beginning_of(&text);
        Self { text, digits }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_was_written() {
        let id = Uuid::from_u128(7);
        for place in [
            Place::Made,
            Place::Text(String::new()),
            Place::Text("mary ~@ wanjiku".to_owned()),
            Place::At(Timestamp::from_micros(-5)),
        ] {
            let key = Key { place, id };
            assert_eq!(key.to_string().parse(), Ok(key));
        }
    }

    #[test]
    fn what_no_list_has_given_is_no_key() {
        for text in ["", "7", "00000000-0000-0000-0000-000000000007@noon", "00000000-0000-0000-0000-000000000007é"] {
            assert_eq!(text.parse::<Key>(), Err(NotAKey), "{text}");
        }
    }
}
