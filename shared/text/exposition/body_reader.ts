// Hot: guarded by `bench scrape`.
/** Reads one body of an exposition, all at once or in steps. */
export type BodyReader = {
  /**
   * Reads on to the end of the body and returns true, or until `isDue` says that it is enough for now and returns false. Throws
   * ExpositionError, and then the body can't be used.
   */
  read(isDue?: () => boolean): boolean;
};
