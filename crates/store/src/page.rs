//! Lists in pages: by key, never by counting rows to skip.

/// Which rows of a list to give: those after a key, at most so many.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Page<Key> {
    after: Option<Key>,
    size: u16,
}

impl<Key> Page<Key> {
    /// The most rows of one page.
    pub const SIZE_MAX: u16 = 1_000;

    /// The first page of that size, 1 to [`Self::SIZE_MAX`]; other sizes are brought inside.
    pub fn first(size: u16) -> Self {
        Self { after: None, size: size.clamp(1, Self::SIZE_MAX) }
    }

    /// The page that follows the row with this key.
    pub fn after(key: Key, size: u16) -> Self {
        Self { after: Some(key), size: size.clamp(1, Self::SIZE_MAX) }
    }

    /// The same page, where keys are of another type.
    pub fn by_key<Other>(self, key: impl FnOnce(Key) -> Other) -> Page<Other> {
        Page { after: self.after.map(key), size: self.size }
    }

    /// The key of the last row that was seen.
    pub const fn key(&self) -> Option<&Key> {
        self.after.as_ref()
    }

    /// How many rows at most.
    pub fn size(&self) -> usize {
        usize::from(self.size)
    }

    /// One row more than asked for, to see whether another page follows.
    pub(crate) fn limit(&self) -> i64 {
        i64::from(self.size) + 1
    }

    /// Cuts what [`Self::limit`] read to the page.
    pub(crate) fn cut<Row>(&self, mut rows: Vec<Row>, key: impl Fn(&Row) -> Key) -> Listed<Row, Key> {
        let more = rows.len() > usize::from(self.size);
        rows.truncate(usize::from(self.size));
        let next = if more { rows.last().map(key) } else { None };
        Listed { rows, next }
    }
}

/// A page's rows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listed<Row, Key> {
    /// The rows.
    pub rows: Vec<Row>,
    /// The key after which the next page begins; `None` at the end.
    pub next: Option<Key>,
}

impl<Row, Key> Listed<(Key, Row), Key> {
    /// The rows without their keys, each made into what it should be.
    pub(crate) fn try_map<Made, Error>(
        self,
        make: impl Fn(Row) -> Result<Made, Error>,
    ) -> Result<Listed<Made, Key>, Error> {
        let rows = self.rows.into_iter().map(|(_, row)| make(row)).collect::<Result<_, _>>()?;
        Ok(Listed { rows, next: self.next })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_where_the_next_begins() {
        let page = Page::first(2);

        assert_eq!(page.cut(vec![1, 2, 3], |row| *row), Listed { rows: vec![1, 2], next: Some(2) });
        assert_eq!(page.cut(vec![1, 2], |row| *row), Listed { rows: vec![1, 2], next: None });
    }

    #[test]
    fn a_page_has_a_most_and_a_least() {
        assert_eq!(Page::<u8>::first(0).limit(), 2);
        assert_eq!(Page::<u8>::first(u16::MAX).limit(), 1_001);
    }
}
