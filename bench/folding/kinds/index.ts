import type { Kind } from "../storm.ts";
import { databaseDown } from "./database-down.ts";
import { deadLetters } from "./dead-letters.ts";
import { deployKnockOn } from "./deploy-knock-on.ts";
import { fieldChangedType } from "./field-changed-type.ts";
import { flappingAlarm } from "./flapping-alarm.ts";
import { nextNight } from "./next-night.ts";
import { oneJobFourVoices } from "./one-job-four-voices.ts";
import { overlappingGenerics } from "./overlapping-generics.ts";
import { slowBurn } from "./slow-burn.ts";
import { twoEnvironments } from "./two-environments.ts";

/** Written before the rules that join by relation were. */
const FIRST: readonly Kind[] = [
  fieldChangedType,
  oneJobFourVoices,
  databaseDown,
  flappingAlarm,
  overlappingGenerics,
  twoEnvironments,
  nextNight,
  slowBurn,
  deployKnockOn,
  deadLetters,
];

export const KINDS: readonly Kind[] = [...FIRST];
