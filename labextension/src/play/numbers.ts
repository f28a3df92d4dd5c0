// What the moving pictures compute, without a page: tests compare it with Python.

/** softmax(z / tau); for tau = 0 its limit, all on the largest. */
export function softmax(z: readonly number[], tau = 1): number[] {
  const largest = Math.max(...z);
  if (tau === 0) {
    const first = z.indexOf(largest);
    return z.map((_, v) => (v === first ? 1 : 0));
  }
  const powers = z.map(value => Math.exp((value - largest) / tau));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map(power => power / sum);
}

export interface Step {
  kept: number; // f · c
  added: number; // i · g
  c: number;
  h: number;
}

/** One unit of an LSTM with the same gates at each step, from the memory c on. */
export function memory(f: number, i: number, g: number, o: number, c: number, steps: number): Step[] {
  return Array.from({ length: steps }, () => {
    const kept = f * c;
    const added = i * g;
    c = kept + added;
    return { kept, added, c, h: o * Math.tanh(c) };
  });
}

/** Six letters that may come next, and their logits. */
export const LETTERS = ['e', 'a', 'i', 'o', 'u', 'r'];
export const LOGITS = [2.0, 1.2, 0.9, 0.4, -0.5, -1.2];

/** The sizes d of 7.3, and the scores of one query and six keys by their first d numbers: SCORES[seed][size][key].
 *
 * generator = torch.Generator().manual_seed(seed)
 * q, K = torch.randn(512, generator=generator), torch.randn(6, 512, generator=generator)
 */
export const SIZES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
export const SCORES = [
  [
    [0.61, 1.22, 0.87, -0.75, -0.2, 2.38],
    [1.34, 1.37, -0.49, -1.77, -0.38, 2.47],
    [1.08, 2.11, -0.44, -1.61, 0.3, 2.28],
    [2.27, 0.15, 3.64, -0.15, 3.73, 2.18],
    [2.12, 2.96, 6.89, -0.63, 0.15, 1.75],
    [-0.76, -6.4, 12.7, -3.64, -6.08, 9.25],
    [-5.28, -16.37, 7.09, 1.76, -7.87, 7.26],
    [-6.92, -32.98, -5.04, 0.44, -9.57, 14.77],
    [-1.65, -34.83, 3.58, 2.91, -5.85, 8.65],
    [-35.35, -45.24, -3.42, -3.24, 2, 26.23]
  ],
  [
    [-0.79, -1.36, -1.08, 0.42, 1.6, 2.56],
    [-1.8, -0.57, -1.55, 0.42, 2.11, 2.42],
    [-1.53, 0.27, -4.43, 4.08, 1.01, 3.14],
    [0.39, 1.78, -5.49, 2.28, 0.24, 1.4],
    [2.28, 1.98, -9.47, 5.39, 1.99, 2.81],
    [-0.36, 4.72, -3.26, 2.6, -2.49, 3.12],
    [-0.61, 6.58, -10.7, 7.75, -9.45, 6.52],
    [-7.07, 11.09, -14.14, 13.61, 5.98, 4.51],
    [-5.07, 9.84, -25.06, 30.64, -15.21, 9.81],
    [-31.44, 21.19, -25.55, 31.25, -15.91, -27.36]
  ],
  [
    [1, 1.07, -0.29, -0.95, 0.11, 0.58],
    [1.17, 1.93, -0.9, -1.13, -0.09, -0.16],
    [1.59, 0.79, -4.61, -2.66, 0.08, 0.63],
    [-1.17, 3.84, -5.97, -5.42, 1.85, 0.27],
    [-0.66, 5.31, -6.36, -5.02, -0.79, 0.79],
    [8.36, 6.91, -16.85, -12.34, -4.64, -1],
    [12.82, 6.36, -21.69, -16.82, 3.22, -7.32],
    [1.07, 0.82, -18.81, -16.71, 2.7, -17.46],
    [9.04, 2.23, -17.68, -12.99, 17.02, -26.17],
    [8.82, 11.92, -21.05, -28.21, 4.08, -44.16]
  ],
  [
    [-0.04, -0.07, 0.2, 0.04, -0.09, 0.04],
    [0.13, -0.44, 0.5, 0.44, -0.19, 0.85],
    [-0.04, -0.57, 0.29, 0.03, 0.71, 1.69],
    [6.7, -2.76, 1.57, -0.36, 1.84, 6.59],
    [4.91, -2.11, 2.08, 0.21, 1.54, 7.82],
    [-0.25, -0.86, 3.09, -3.26, -1.5, 4.07],
    [-3.2, -8.59, 12.21, -7.38, 8.69, 10.61],
    [-0.49, -9.73, 17.96, 2.8, 22.99, 21.73],
    [7.96, -2.59, 14.7, -4.33, 31.5, 8.56],
    [-16.99, -30.9, 15.98, 6.23, 35.01, 28.57]
  ],
  [
    [0.39, 1.47, 0.33, -0.88, -1.26, 1.1],
    [0.64, 0.4, 0.63, -0.94, -0.77, -0.2],
    [0.16, 0.23, 0.74, -1.45, -0.69, -0.39],
    [1.19, -4.33, -2.11, 0.79, -3.47, -3.08],
    [4.2, -0.05, -4.27, -3.35, -3.81, -0.53],
    [8.26, 1.97, 1.38, -5.76, -3.68, -0.03],
    [-2.17, 2.82, -0.16, 2, 2.51, -2.61],
    [4.11, -1.3, -18.22, -0.55, 7.56, -10.13],
    [5.89, 23.39, -7.87, 1.75, -1.34, -25.12],
    [28.39, 27.43, 11.09, 27.53, 12.58, 1.14]
  ]
];

/** A sentence of 5.1 and the weights [T, S] of the translator of 5.8, seed 0; E is the end symbol. */
export const SOURCE = ['Tom', 'helps', 'Jerry', 'every', 'day', 'E'];
export const TARGET = ['汤姆', '每天', '帮助', '杰瑞', 'E'];
export const GLOSS = ['Tom', 'every day', 'help', 'Jerry', 'the end'];
export const WEIGHTS = [
  [0.9716, 0.0126, 0.0017, 0.011, 0.0027, 0.0005],
  [0.0258, 0.119, 0.0128, 0.7874, 0.0549, 0.0001],
  [0.0045, 0.5874, 0.2445, 0.1168, 0.0467, 0],
  [0.0006, 0.0126, 0.9853, 0.001, 0.0005, 0],
  [0.0015, 0.0171, 0.9622, 0.0162, 0.0027, 0.0004]
];
