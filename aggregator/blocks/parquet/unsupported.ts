/**
 * A file is valid Parquet perhaps, but not of the few forms that are read here: the caller then reads it with DuckDB, which knows all
 * of them, or says what is wrong.
 */
export class UnsupportedParquet extends Error {
  constructor(what: string, options?: ErrorOptions) {
    super(`Parquet that is not read here: ${what}`, options);
    this.name = "UnsupportedParquet";
  }
}
