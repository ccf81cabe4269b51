import type { Kind } from "../storm.ts";
import { databaseDown } from "./database-down.ts";
import { deadLetters } from "./dead-letters.ts";
import { deployKnockOn } from "./deploy-knock-on.ts";
import { etlChain } from "./etl-chain.ts";
import { fieldChangedType } from "./field-changed-type.ts";
import { flappingAlarm } from "./flapping-alarm.ts";
import { oneJobFourVoices } from "./one-job-four-voices.ts";
import { overlappingGenerics } from "./overlapping-generics.ts";
import { providerOut } from "./provider-out.ts";
import { twoSenders } from "./two-senders.ts";
import { varyingWords } from "./varying-words.ts";

/** Three of the other nights at once, in one estate. */
export const busyNight: Kind = {
  kind: "busy-night",
  why: "three causes that begin within the same minutes, in services of their own, stay three: each label is its own night's",
  tell: (world, random) => {
    for (const kind of random.some(NIGHTS, 3)) kind.tell(world, random);
  },
};

const NIGHTS = [
  databaseDown,
  deadLetters,
  deployKnockOn,
  etlChain,
  fieldChangedType,
  flappingAlarm,
  oneJobFourVoices,
  overlappingGenerics,
  providerOut,
  twoSenders,
  varyingWords,
];
