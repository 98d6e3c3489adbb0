-- The first schema. Never edit a migration that was released: add another one. Described in docs/schema.md.
-- Words that may grow (step kinds, reasons, stages) have no CHECK, because SQLite cannot widen one later.

PRAGMA application_id = 1263750484; -- 'KSMT': tells this database from another program's

CREATE TABLE batch (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    suite      TEXT    NOT NULL,
    jobs       INTEGER NOT NULL,
    started_ms INTEGER NOT NULL,
    ended_ms   INTEGER
) STRICT;

CREATE TABLE task_snapshot (
    id        INTEGER PRIMARY KEY,
    digest    TEXT NOT NULL UNIQUE,
    task      TEXT NOT NULL,
    summary   TEXT NOT NULL,
    source    TEXT NOT NULL,
    operation TEXT NOT NULL,
    objective TEXT NOT NULL,
    manifest  TEXT NOT NULL,
    reference TEXT NOT NULL,
    start     TEXT,
    testbench TEXT,
    parsed    TEXT NOT NULL
) STRICT;

CREATE TABLE toolset (
    id          INTEGER PRIMARY KEY,
    fingerprint TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE tool (
    toolset_id INTEGER NOT NULL REFERENCES toolset (id),
    name       TEXT    NOT NULL,
    version    TEXT    NOT NULL,
    PRIMARY KEY (toolset_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE environment (
    id                INTEGER PRIMARY KEY,
    host              TEXT    NOT NULL,
    os                TEXT    NOT NULL,
    kernsmith_version TEXT    NOT NULL,
    toolset_id        INTEGER NOT NULL REFERENCES toolset (id),
    sandbox           TEXT    NOT NULL,
    UNIQUE (host, os, kernsmith_version, toolset_id, sandbox)
) STRICT;

CREATE TABLE run (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    batch_id         INTEGER REFERENCES batch (id),
    task_snapshot_id INTEGER NOT NULL REFERENCES task_snapshot (id),
    environment_id   INTEGER NOT NULL REFERENCES environment (id),
    device           TEXT    NOT NULL,
    strategy         TEXT    NOT NULL,
    coder            TEXT    NOT NULL,
    judge            TEXT    NOT NULL,
    seed             INTEGER NOT NULL,
    rounds           INTEGER NOT NULL,
    plateau          INTEGER,
    repairs          INTEGER NOT NULL,
    minutes          REAL,
    started_ms       INTEGER NOT NULL,
    ended_ms         INTEGER,
    stop             TEXT
) STRICT;
CREATE INDEX run_by_batch ON run (batch_id);
CREATE INDEX run_unfinished ON run (id) WHERE stop IS NULL;

CREATE TABLE step (
    id         INTEGER PRIMARY KEY,
    run_id     INTEGER NOT NULL REFERENCES run (id),
    number     INTEGER NOT NULL,
    kind       TEXT    NOT NULL,
    parent     INTEGER,
    note       TEXT,
    exhausted  INTEGER NOT NULL DEFAULT 0 CHECK (exhausted IN (0, 1)),
    started_ms INTEGER NOT NULL,
    seconds    REAL,
    UNIQUE (run_id, number),
    FOREIGN KEY (run_id, parent) REFERENCES step (run_id, number),
    CHECK (parent < number)
) STRICT;

CREATE TABLE evaluation (
    id               INTEGER PRIMARY KEY,
    task_digest      TEXT    NOT NULL,
    source_digest    TEXT    NOT NULL,
    device           TEXT    NOT NULL,
    toolset_id       INTEGER NOT NULL REFERENCES toolset (id),
    verdict          TEXT    NOT NULL CHECK (verdict IN ('accepted', 'rejected', 'inconclusive')),
    reason           TEXT,
    objective        TEXT,
    objective_value  REAL,
    objective_unit   TEXT,
    objective_origin TEXT,
    assurance        TEXT,
    assurance_bound  INTEGER,
    assurance_of     TEXT,
    assurance_method TEXT,
    check_seed       INTEGER,
    sandbox          TEXT    NOT NULL,
    evaluated_ms     INTEGER NOT NULL
) STRICT;
CREATE INDEX evaluation_by_key ON evaluation (task_digest, source_digest, device, toolset_id);

CREATE TABLE candidate (
    id            INTEGER PRIMARY KEY,
    step_id       INTEGER NOT NULL UNIQUE REFERENCES step (id),
    digest        TEXT    NOT NULL,
    source        TEXT    NOT NULL,
    agent         TEXT    NOT NULL,
    summary       TEXT    NOT NULL,
    evaluation_id INTEGER REFERENCES evaluation (id),
    cached        INTEGER NOT NULL DEFAULT 0 CHECK (cached IN (0, 1))
) STRICT;
CREATE INDEX candidate_by_evaluation ON candidate (evaluation_id);

CREATE TABLE stage (
    evaluation_id INTEGER NOT NULL REFERENCES evaluation (id),
    position      INTEGER NOT NULL,
    stage         TEXT    NOT NULL,
    status        TEXT    NOT NULL,
    reason        TEXT,
    seconds       REAL    NOT NULL,
    tool_seconds  REAL    NOT NULL,
    log           TEXT    NOT NULL,
    PRIMARY KEY (evaluation_id, position)
) STRICT;

CREATE TABLE metric (
    id            INTEGER PRIMARY KEY,
    evaluation_id INTEGER NOT NULL REFERENCES evaluation (id),
    position      INTEGER NOT NULL,
    name          TEXT    NOT NULL,
    value         REAL,
    unit          TEXT    NOT NULL,
    origin        TEXT    NOT NULL,
    UNIQUE (evaluation_id, position)
) STRICT;
CREATE INDEX metric_by_name ON metric (name);

CREATE TABLE sample (
    metric_id INTEGER NOT NULL REFERENCES metric (id),
    position  INTEGER NOT NULL,
    value     REAL,
    PRIMARY KEY (metric_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE judgement (
    id               INTEGER PRIMARY KEY,
    step_id          INTEGER NOT NULL UNIQUE REFERENCES step (id),
    kind             TEXT    NOT NULL CHECK (kind IN ('correction', 'improvement')),
    critical_issue   TEXT,
    why_it_matters   TEXT,
    minimal_fix_hint TEXT,
    bottleneck       TEXT,
    method           TEXT,
    plan             TEXT,
    effort           TEXT,
    held             INTEGER CHECK (held IN (0, 1))
) STRICT;

CREATE TABLE evidence (
    judgement_id INTEGER NOT NULL REFERENCES judgement (id),
    position     INTEGER NOT NULL,
    metric       TEXT    NOT NULL,
    value        REAL,
    reading      TEXT    NOT NULL,
    PRIMARY KEY (judgement_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE expectation (
    judgement_id INTEGER NOT NULL REFERENCES judgement (id),
    position     INTEGER NOT NULL,
    metric       TEXT    NOT NULL,
    direction    TEXT    NOT NULL,
    factor       REAL,
    PRIMARY KEY (judgement_id, position)
) STRICT, WITHOUT ROWID;
