/** Types of the terminal's emulator. */

/** The part of the emulator that is used, so that types can be checked where the clients are not installed. */
declare module "@xterm/headless" {
  export class Terminal {
    constructor(options: { cols: number; rows: number; allowProposedApi: boolean });
    readonly buffer: {
      readonly active: {
        readonly length: number;
        getLine(row: number): { translateToString(trimRight: boolean): string } | undefined;
      };
    };
    write(data: Uint8Array): void;
    onData(listener: (data: string) => void): void;
  }
}
