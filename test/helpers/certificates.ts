import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

/** A certificate of our own, by hand: Node reads them and makes none. */
export interface TestCertificate {
  readonly pem: string;
  readonly key: KeyObject;
  readonly name: string;
}

export function testCertificate(of: {
  readonly name: string;
  readonly from: Date;
  readonly to: Date;
  /** Who issues it; itself unless told. */
  readonly issuer?: TestCertificate;
  readonly authority?: boolean;
}): TestCertificate {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const issuer = of.issuer ?? { key: privateKey, name: of.name };
  const algorithm = sequence(object("2a864886f70d01010b"), Buffer.from([5, 0]));
  const extensions = of.authority === true ? [tagged(0xa3, sequence(basicConstraints))] : [];
  const content = sequence(
    tagged(0xa0, Buffer.from([2, 1, 2])),
    tagged(2, Buffer.concat([Buffer.from([1]), randomBytes(7)])),
    algorithm,
    nameOf(issuer.name),
    sequence(time(of.from), time(of.to)),
    nameOf(of.name),
    publicKey.export({ type: "spki", format: "der" }),
    ...extensions,
  );
  const signature = tagged(3, Buffer.concat([Buffer.from([0]), sign("sha256", content, issuer.key)]));
  const base64 = sequence(content, algorithm, signature).toString("base64");
  const lines = base64.match(/.{1,64}/g) ?? [];
  const pem = ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
  return { pem, key: privateKey, name: of.name };
}

function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const sequence = (...parts: readonly Buffer[]): Buffer => tagged(0x30, Buffer.concat(parts));
const object = (hex: string): Buffer => tagged(6, Buffer.from(hex, "hex"));
const nameOf = (name: string): Buffer =>
  sequence(tagged(0x31, sequence(object("550403"), tagged(0x0c, Buffer.from(name)))));
const time = (at: Date): Buffer => tagged(0x18, Buffer.from(`${at.toISOString().slice(0, 19).replace(/[-:T]/g, "")}Z`));
const basicConstraints = sequence(object("551d13"), tagged(4, sequence(Buffer.from([1, 1, 0xff]))));
