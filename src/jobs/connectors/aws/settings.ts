import { z } from "zod";
import { duration } from "../../../config/scalars.ts";

/** What every target at AWS needs. Without `credentials` the SDK looks for them where AWS puts them (a role, the environment). */
export const awsSettings = {
  region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d+$/, { error: "a region is written like eu-west-2" }),
  endpoint: z.url({ protocol: /^https?$/, error: "an endpoint begins with http:// or https://" }).optional(),
  credentials: z
    .strictObject({
      accessKeyId: z.string().min(1),
      secretAccessKey: z.string().min(1),
      sessionToken: z.string().min(1).optional(),
    })
    .optional(),
  /** The account that this has to be; another one is refused. */
  account: z
    .string()
    .regex(/^\d{12}$/, { error: "an account is 12 digits, in quotes" })
    .optional(),
  timeout: duration.default(10_000),
};

export interface AwsSettings {
  readonly region: string;
  readonly endpoint?: string | undefined;
  readonly credentials?:
    | { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string | undefined }
    | undefined;
  readonly account?: string | undefined;
  readonly timeoutMs: number;
}

/** What the machine may do at AWS is not for an endpoint elsewhere. */
export const ownCredentials = {
  holds: (settings: Pick<AwsSettings, "endpoint" | "credentials">): boolean =>
    settings.endpoint === undefined || settings.credentials !== undefined,
  error: "an endpoint of your own needs credentials of its own",
};
