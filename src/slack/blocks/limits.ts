/** Slack's limits on what is sent, in characters or elements. */
export const LIMITS = {
  /** Slack cuts longer texts itself and tells nobody in the channel. */
  messageText: 40_000,
  messageBlocks: 50,
  modalBlocks: 100,
  blockId: 255,
  header: 150,
  section: 3_000,
  contextElements: 10,
  actions: 25,
  buttonText: 75,
  buttonValue: 2_000,
  optionText: 75,
  optionValue: 75,
  options: 100,
  inputLabel: 2_000,
  inputHint: 2_000,
  inputText: 3_000,
  privateMetadata: 3_000,
  modalTitle: 24,
  modalButton: 24,
} as const;
