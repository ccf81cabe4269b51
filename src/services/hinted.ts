import { UserError } from "../base/errors.ts";

/** The same answer; a refusal for lack of a grant says first what else there is, if there is anything. */
export async function hinted<T>(answer: Promise<T>, hint: () => string | null): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    const more = error instanceof UserError && error.code !== "outsider" ? hint() : null;
    if (more === null || !(error instanceof UserError)) throw error;
    const { kind, code, message, wayOut } = error;
    throw new UserError(kind, { code, message, wayOut: wayOut === undefined ? more : `${more} ${wayOut}` });
  }
}
