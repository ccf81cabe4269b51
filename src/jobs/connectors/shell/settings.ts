import { isAbsolute } from "node:path";
import { z } from "zod";

const absolute = z.string().refine(isAbsolute, { error: "it must be a path that begins with /" });

/** A job that is a command of this machine. It is never put together from text: each argument stays one argument. */
export const shellSettings = z.strictObject({
  connector: z.literal("shell").optional(),
  /** The name of the machine, as `hostname` tells it: elsewhere nothing is started. */
  host: z.string().min(1),
  /**
   * The program and its arguments. `${parameter.NAME}` and `${target.name}` may be all of an argument or part of one; an
   * argument whose parameter is not given is left out.
   */
  command: z
    .tuple(
      [
        z
          .string()
          .min(1)
          .refine((program) => !program.includes("${"), { error: "the program is not a parameter" }),
      ],
      z.string(),
    )
    .readonly(),
  cwd: absolute.default("/"),
  /** All that the command finds in its environment, besides PATH and what Nightdesk tells it. */
  env: z.record(z.string().regex(/^[A-Za-z_]\w*$/), z.string()).default({}),
  /** Where its state and logs are kept; on a disk that outlives a restart. Default: in the machine's temporary folder. */
  stateDir: absolute.optional(),
});

export type ShellSettings = z.output<typeof shellSettings>;
