//! The two migrations, compared by what the databases say of themselves.
//!
//! A schema is told as one line for each column, key and index, in the words of SQL that both would use.

use std::collections::BTreeSet;

use crate::test_store::TestStore;

/// One line for each thing in the schema of an SQLite database.
const SQLITE: [&str; 5] = [
    // Instants and numbers are INTEGER as booleans are: those are known by their names.
    "SELECT t.name || ' ' || (c.cid + 1) || ' ' || c.name || ' ' \
         || CASE WHEN c.type = 'INTEGER' AND c.name LIKE 'is\\_%' ESCAPE '\\' THEN 'boolean' \
             WHEN c.type = 'INTEGER' THEN 'bigint' WHEN c.type = 'BLOB' THEN 'bytea' ELSE lower(c.type) END \
         || CASE WHEN c.\"notnull\" THEN ' not null' ELSE '' END \
     FROM pragma_table_list t JOIN pragma_table_info(t.name) c \
     WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE '%sql%'",
    "SELECT t.name || ' primary key ' || group_concat(c.name, ', ' ORDER BY c.pk) \
     FROM pragma_table_list t JOIN pragma_table_info(t.name) c \
     WHERE t.schema = 'main' AND t.name NOT LIKE '%sql%' AND c.pk > 0 GROUP BY t.name",
    "SELECT t.name || CASE WHEN i.\"unique\" THEN ' unique' ELSE '' END || ' index ' || i.name || ' ' \
         || (SELECT group_concat(c.name, ', ' ORDER BY c.seqno) FROM pragma_index_info(i.name) c) \
         || CASE WHEN i.partial THEN (SELECT substr(m.sql, instr(m.sql, ' WHERE ')) FROM sqlite_schema m \
             WHERE m.name = i.name) ELSE '' END \
     FROM pragma_table_list t JOIN pragma_index_list(t.name) i \
     WHERE t.schema = 'main' AND t.name NOT LIKE '%sql%' AND i.origin <> 'pk'",
    "SELECT t.name || ' foreign key ' || f.\"from\" || ' to ' || f.\"table\" || ' ' || f.\"to\" || ' ' || f.on_delete \
     FROM pragma_table_list t JOIN pragma_foreign_key_list(t.name) f WHERE t.schema = 'main'",
    // What a check says is rewritten by PostgreSQL, so they are only counted.
    "SELECT name || ' checks ' || ((length(sql) - length(replace(sql, 'CHECK (', ''))) / 7) \
     FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '%sql%'",
];

/// The same of a PostgreSQL database.
const POSTGRES: [&str; 5] = [
    "SELECT table_name || ' ' || ordinal_position || ' ' || column_name || ' ' || data_type \
         || CASE is_nullable WHEN 'NO' THEN ' not null' ELSE '' END \
     FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name) \
     WHERE table_schema = 'public' AND t.table_type = 'BASE TABLE' AND table_name NOT LIKE '%sql%'",
    "SELECT conrelid::regclass || ' primary key ' || string_agg(a.attname, ', ' ORDER BY k.place) \
     FROM pg_constraint c CROSS JOIN LATERAL unnest(c.conkey) WITH ORDINALITY k (number, place) \
     JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.number \
     WHERE c.contype = 'p' AND c.connamespace = 'public'::regnamespace \
         AND c.conrelid::regclass::text NOT LIKE '%sql%' GROUP BY c.conrelid",
    "SELECT i.indrelid::regclass || CASE WHEN i.indisunique THEN ' unique' ELSE '' END || ' index ' \
         || i.indexrelid::regclass || ' ' || (SELECT string_agg(pg_get_indexdef(i.indexrelid, place, true), ', ' \
             ORDER BY place) FROM generate_series(1, i.indnkeyatts) place) \
         || COALESCE(' WHERE ' || pg_get_expr(i.indpred, i.indrelid, true), '') \
     FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid \
     WHERE t.relnamespace = 'public'::regnamespace AND NOT i.indisprimary",
    "SELECT conrelid::regclass || ' foreign key ' || a.attname || ' to ' || confrelid::regclass || ' ' || b.attname \
         || ' ' || CASE c.confdeltype WHEN 'a' THEN 'NO ACTION' ELSE c.confdeltype::text END \
     FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey) \
     JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = ANY (c.confkey) WHERE c.contype = 'f'",
    "SELECT t.relname || ' checks ' || (SELECT count(*) FROM pg_constraint c WHERE c.conrelid = t.oid \
         AND c.contype = 'c') FROM pg_class t \
     WHERE t.relnamespace = 'public'::regnamespace AND t.relkind = 'r' AND t.relname NOT LIKE '%sql%'",
];

async fn tell(store: &TestStore, queries: [&str; 5]) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for sql in queries {
        let told = store.db_texts(sql).await;
        assert!(!told.is_empty(), "{sql}");
        lines.extend(told);
    }
    lines
}

mod sqlite {
    use super::*;

    #[tokio::test]
    async fn every_table_is_strict() {
        let store = TestStore::sqlite().await;
        let lax = "SELECT name FROM pragma_table_list \
                   WHERE schema = 'main' AND type = 'table' AND name NOT LIKE '%sql%' AND NOT strict";
        assert_eq!(store.db_texts(lax).await, [""; 0]);
        store.remove().await;
    }

    #[tokio::test]
    async fn the_schema_is_told_in_full() {
        let store = TestStore::sqlite().await;
        let lines = tell(&store, SQLITE).await;
        let some = [
            "apis 5 is_management_api boolean not null",
            "apis unique index apis_audience audience WHERE deleted_at IS NULL",
            "head checks 1",
            "key_secrets 3 mac bytea not null",
            "keys 4 org_code text",
            "keys 15 expires_at bigint",
            "keys foreign key api_id to apis id NO ACTION",
            "keys index keys_api api_id, id",
            "members primary key org_code, user_id",
        ];
        for line in some {
            assert!(lines.contains(line), "{line} is not in {lines:#?}");
        }
        store.remove().await;
    }
}

mod postgres {
    use super::*;

    #[tokio::test]
    async fn the_schema_is_that_of_sqlite() {
        let (one, other) = (TestStore::sqlite().await, TestStore::postgres().await);
        let (sqlite, postgres) = (tell(&one, SQLITE).await, tell(&other, POSTGRES).await);
        let on_one: Vec<_> = sqlite.symmetric_difference(&postgres).collect();
        assert!(on_one.is_empty(), "only on one database: {on_one:#?}");
        one.remove().await;
        other.remove().await;
    }

    #[tokio::test]
    async fn every_text_is_compared_byte_for_byte() {
        let store = TestStore::postgres().await;
        let others = "SELECT table_name || '.' || column_name FROM information_schema.columns \
             WHERE table_schema = 'public' AND table_name NOT LIKE '%sql%' AND data_type = 'text' \
             AND collation_name IS DISTINCT FROM 'C'";
        assert_eq!(store.db_texts(others).await, [""; 0]);
        store.remove().await;
    }
}
