import CLMDB

/// A named database of the environment. Valid as long as its environment.
struct Table: Sendable {
    let handle: MDB_dbi
}
