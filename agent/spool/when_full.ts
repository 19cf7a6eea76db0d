/** What a batch does while the spool takes nothing: it waits for room, or goes back to a sender who can come again. */
export type WhenFull = "wait" | "refuse";
