//! The page in the reader's browser, where there is one.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::terminal::{note, notice};

/// What starts browsers is given this long to say that it cannot.
const TO_FAIL: Duration = Duration::from_secs(2);

/// Opens the page, or says where it is: a machine without a browser is no error.
pub(super) fn open(page: &Path) {
    // A whole path: nothing in it is taken for an option, whatever the file's name.
    let path = fs::canonicalize(page).unwrap_or_else(|_| page.to_owned());
    match open::that_detached_with_timeout(&path, TO_FAIL) {
        Ok(()) => note(&format!("opening {}", path.display())),
        Err(_) => notice(&format!(
            "there is no browser here that could be opened; the page is {}",
            path.display()
        )),
    }
}
