/** What a batch does while the spool takes nothing: it waits for room, or goes back to a sender who can come again. */
export type WhenFull = "wait" | "refuse";

/** As WhenFull, or the batch waits until a time of the monotonic clock, and goes back then. */
export type Patience = WhenFull | { readonly refusedAtMs: number };
