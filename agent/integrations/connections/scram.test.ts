import { expect, test } from "bun:test";
import { messageOf } from "#shared/errors.ts";
import { ScramClient } from "./scram.ts";

test("ScramClient gives the messages of the examples of RFC 5802 and RFC 7677", async () => {
  const sha1 = new ScramClient("sha1", "user", "pencil", "fyko+d2lbbFgONRv9qkxdawL");
  expect(sha1.first()).toBe("n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL");
  expect(
    await sha1.final("r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096"),
  ).toBe("c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=");
  sha1.verify("v=rmF9pqV8S7suAoZWja4dJRkFsKQ=");
  const sha256 = new ScramClient("sha256", "user", "pencil", "rOprNGfwEbeRWgbNEkqO");
  expect(
    await sha256.final(
      "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
    ),
  ).toBe(
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
  );
  sha256.verify("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
});

const client = () => new ScramClient("sha256", "a,b=c", "secret", "abc");

test("ScramClient refuses what is not of the exchange, and a server that does not know the password", async () => {
  expect(client().first()).toBe("n,,n=a=2Cb=3Dc,r=abc");
  const reasonOf = (message: string) =>
    client()
      .final(message)
      .then(() => "", messageOf);
  expect(await reasonOf("r=xyz,s=QUJD,i=4096")).toContain("not of the form");
  expect(await reasonOf("r=abcd,i=4096")).toContain("not of the form");
  expect(await reasonOf("r=abcd,s=QUJD,i=99999999")).toContain("wants 99999999 iterations");
  const one = client();
  await one.final("r=abcd,s=QUJD,i=1");
  expect(() => one.verify("e=invalid-proof")).toThrow("SCRAM: invalid-proof");
  expect(() => one.verify("v=QUJD")).toThrow("does not know the password itself");
});
