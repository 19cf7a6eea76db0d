/** Where blocks lie. Keys are relative, "/"-separated; objects are written once and never changed. */
export type ObjectStore = {
  /**
   * Stores a local file under a key; durable, and whole or absent, when it resolves. May move the file away: the caller
   * must not use it afterwards. Throws OperatingError "no_space" or "unavailable".
   */
  put(key: string, file: string): Promise<void>;
  /**
   * Stores a local file like put(), but only where no object has the key: then true. Of two writers at once one gets true, where the
   * store has conditional writes.
   */
  create(key: string, file: string): Promise<boolean>;
  /** Gives an object another key. Throws OperatingError "not_found", "no_space" or "unavailable". */
  move(from: string, to: string): Promise<void>;
  /** Copies an object to a local path. Throws OperatingError "not_found", "no_space" or "unavailable". */
  get(key: string, file: string): Promise<void>;
  /** Every object whose key starts with `prefix`, in no order. */
  list(prefix?: string): AsyncIterable<{ readonly key: string; readonly modifiedMs: number }>;
  /** Absent objects are fine. */
  delete(key: string): Promise<void>;
  /** The path of an object that can be read where it lies, or undefined when it must be copied first. */
  localPath(key: string): string | undefined;
};
