//! The program's own numbers as values of the database.

use crate::model::{Day, Hour, NameId};
use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlResult, ToSqlOutput, ValueRef};

/// Stores a type that holds one number as that number.
macro_rules! number {
    ($type:ident) => {
        impl ToSql for $type {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                self.0.to_sql()
            }
        }

        impl FromSql for $type {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                FromSql::column_result(value).map($type)
            }
        }
    };
}

number!(NameId);
number!(Hour);
number!(Day);
