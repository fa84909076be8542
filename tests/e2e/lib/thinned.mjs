// What a run of everything shows in part, another part with each commit: with LEADBLOCK_TEST_EVERY=2, every second of
// many like cases, from the one on that LEADBLOCK_TEST_TURN chooses. Without them, all.
const every = Number(process.env.LEADBLOCK_TEST_EVERY ?? 1);
const turn = Number(process.env.LEADBLOCK_TEST_TURN ?? 0);

export const isDue = (number) => (number + turn) % every === 0;
