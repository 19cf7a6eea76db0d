import { readFile } from "node:fs/promises";
import { z } from "zod";
import { scalarText } from "#shared/relabel/scalar_text.ts";

/** Keys of a password among an integration's options. */
export const passwordShape = () => ({
  /** Digits alone are a password, too. */
  password: scalarText.optional(),
  /** Read at each connect, so that a changed password is used. */
  password_file: z.string().optional(),
});

type Password = {
  readonly password?: string | undefined;
  readonly password_file?: string | undefined;
};

/** For refine(): at most one of both is given. */
export function hasOnePassword({ password, password_file: file }: Password): boolean {
  return password === undefined || file === undefined;
}

export const onePassword = {
  path: ["password_file"],
  error: "give either password or password_file",
};

/** The password, without the newline that files end with; undefined where there is none. Throws where its file can't be read. */
export async function passwordOf({
  password,
  password_file: file,
}: Password): Promise<string | undefined> {
  return file === undefined ? password : (await readFile(file, "utf8")).replace(/\r?\n$/, "");
}
