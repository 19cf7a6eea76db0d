export function isPostgresUrl(url: string): boolean {
  return /^postgres(ql)?:/.test(url);
}

/** The file of a catalog in SQLite. */
export function sqlitePathOf(url: string): string {
  return url.replace(/^sqlite:(\/\/)?/, "");
}
