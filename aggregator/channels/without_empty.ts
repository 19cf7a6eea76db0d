/** Without members that are empty texts or false, as Go's `omitempty` leaves them out. */
export function withoutEmpty(members: Readonly<Record<string, string | number | boolean>>) {
  return Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== "" && value !== false),
  );
}
