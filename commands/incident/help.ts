import { helpFor } from "../../src/command/help.ts";

export const help = helpFor("incident");
