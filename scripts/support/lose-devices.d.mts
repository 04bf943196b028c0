export function loseDevices(given: number[]): void;
