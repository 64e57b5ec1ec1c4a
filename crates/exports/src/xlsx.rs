//! Tables as workbooks: each row goes to disk as it comes.

use std::fs::File;
use std::io::{Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};
use thiserror::Error;

use crate::table::Cell;

/// Rows of one sheet, its header not counted: what spreadsheets open, less one. More rows go on in the next sheet.
pub const SHEET_ROWS_MAX: u32 = 1_000_000;

/// Characters of one cell, as spreadsheets open them.
const CELL_MAX: usize = 32_000;

/// Why a workbook could not be written.
#[derive(Debug, Error)]
pub enum WriteError {
    /// The disk, or a table that no workbook can hold.
    #[error("the workbook could not be written: {0}")]
    Workbook(#[from] XlsxError),
    /// The disk.
    #[error("the workbook could not be written: {0}")]
    Disk(#[from] std::io::Error),
}

/// A workbook that is being written.
pub struct Sheets {
    workbook: Workbook,
    folder: PathBuf,
    columns: Vec<String>,
    /// The sheet that is written to, and its next row.
    sheet: usize,
    row: u32,
    bold: Format,
}

impl std::fmt::Debug for Sheets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sheets").field("sheet", &self.sheet).field("row", &self.row).finish_non_exhaustive()
    }
}

impl Sheets {
    /// Begins a workbook with these columns. What is written lies in `folder` until it is finished.
    pub fn new(folder: &Path, columns: &[&str]) -> Result<Self, WriteError> {
        let mut workbook = Workbook::new();
        workbook.set_tempdir(folder)?;
        let columns = columns.iter().map(|name| (*name).to_owned()).collect();
        let bold = Format::new().set_bold();
        let mut sheets = Self { workbook, folder: folder.to_owned(), columns, sheet: 0, row: 0, bold };
        sheets.begin_sheet(0)?;
        Ok(sheets)
    }

    fn begin_sheet(&mut self, sheet: usize) -> Result<(), WriteError> {
        self.sheet = sheet;
        let worksheet = self.workbook.add_worksheet_with_constant_memory()?;
        worksheet.set_freeze_panes(1, 0)?;
        for (column, name) in (0..).zip(&self.columns) {
            worksheet.set_column_width(column, 20)?;
            worksheet.write_string_with_format(0, column, name, &self.bold)?;
        }
        self.row = 1;
        Ok(())
    }

    /// Adds one row.
    pub fn push_row(&mut self, cells: Vec<Cell>) -> Result<(), WriteError> {
        if self.row > SHEET_ROWS_MAX {
            self.begin_sheet(self.sheet + 1)?;
        }
        let row = self.row;
        let worksheet = self.workbook.worksheet_from_index(self.sheet)?;
        for (column, cell) in (0..).zip(cells) {
            write_cell(worksheet, row, column, cell)?;
        }
        self.row += 1;
        Ok(())
    }

    /// The finished workbook, from its beginning. The file has no name, and is gone when it is closed.
    pub fn finish(mut self) -> Result<File, WriteError> {
        let mut file = tempfile::tempfile_in(&self.folder)?;
        self.workbook.save_to_writer(&file)?;
        file.seek(SeekFrom::Start(0))?;
        Ok(file)
    }
}

fn write_cell(sheet: &mut Worksheet, row: u32, column: u16, cell: Cell) -> Result<(), XlsxError> {
    match cell {
        Cell::Empty => {}
        // A text is a text in a workbook: nothing that looks like a formula is run.
        Cell::Text(text) => {
            let shown: String = text.chars().filter(|one| !one.is_control() || *one == '\n').take(CELL_MAX).collect();
            sheet.write_string(row, column, shown)?;
        }
        Cell::Number(number) => {
            sheet.write_number(row, column, number)?;
        }
        Cell::At(at) => {
            sheet.write_string(row, column, at.to_string())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn a_workbook_is_written_and_nothing_of_it_stays_in_the_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut sheets = Sheets::new(folder.path(), &["code", "price"]).expect("begins");
        for number in 0..2_000 {
            let cells = vec![Cell::text(format!("=Code{number}")), Cell::Number(20.0), Cell::Empty];
            sheets.push_row(cells).expect("written");
        }

        let mut file = sheets.finish().expect("finished");

        let mut octets = Vec::new();
        file.read_to_end(&mut octets).expect("reads");
        assert!(octets.starts_with(b"PK\x03\x04"), "a workbook is an archive");
        assert!(octets.len() > 5_000);
        assert_eq!(std::fs::read_dir(folder.path()).expect("reads").count(), 0);
    }
}
