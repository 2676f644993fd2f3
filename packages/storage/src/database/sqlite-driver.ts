// A Kysely driver over better-sqlite3 that keeps prepared statements by their SQL text; Kysely's own
// prepares each statement anew. One connection, handed out to one user at a time.
import type DatabaseConstructor from 'better-sqlite3';
import type { CompiledQuery, DatabaseConnection, Driver, QueryResult } from 'kysely';

type Connection = DatabaseConstructor.Database;
type Statement = DatabaseConstructor.Statement;

// Statement texts are few, but an IN list has one text for each length.
const MAX_STATEMENTS = 500;

class SqliteConnection implements DatabaseConnection {
  readonly #connection: Connection;
  readonly #statements = new Map<string, Statement>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  #prepare(sql: string): Statement {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    if (this.#statements.size >= MAX_STATEMENTS) this.#statements.clear();
    const statement = this.#connection.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    const statement = this.#prepare(query.sql);
    if (statement.reader) return { rows: statement.all(query.parameters) as Row[] };
    const { changes, lastInsertRowid } = statement.run(query.parameters);
    return {
      rows: [],
      numAffectedRows: BigInt(changes),
      insertId: BigInt(lastInsertRowid),
    };
  }

  async *streamQuery<Row>(query: CompiledQuery): AsyncIterableIterator<QueryResult<Row>> {
    for (const row of this.#prepare(query.sql).iterate(query.parameters)) {
      yield { rows: [row as Row] };
    }
  }

  run(sql: string): void {
    this.#prepare(sql).run();
  }

  get isInTransaction(): boolean {
    return this.#connection.inTransaction;
  }
}

export interface TransactionControl {
  /** Runs BEGIN; waits while another process holds the write lock. */
  begin(connection: { run(sql: string): void }): Promise<void>;
}

export class SqliteDriver implements Driver {
  readonly #connection: SqliteConnection;
  readonly #control: TransactionControl;
  readonly #waiting: (() => void)[] = [];
  #isTaken = false;

  constructor(connection: Connection, control: TransactionControl) {
    this.#connection = new SqliteConnection(connection);
    this.#control = control;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<SqliteConnection> {
    if (this.#isTaken) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#isTaken = true;
    return this.#connection;
  }

  async releaseConnection(): Promise<void> {
    const next = this.#waiting.shift();
    // Handed over directly: nobody else can take the connection in between.
    if (next !== undefined) next();
    else this.#isTaken = false;
  }

  async beginTransaction(connection: SqliteConnection): Promise<void> {
    await this.#control.begin(connection);
  }

  async commitTransaction(connection: SqliteConnection): Promise<void> {
    connection.run('COMMIT');
  }

  async rollbackTransaction(connection: SqliteConnection): Promise<void> {
    // A full disk makes SQLite roll back by itself.
    if (connection.isInTransaction) connection.run('ROLLBACK');
  }

  async destroy(): Promise<void> {}
}
