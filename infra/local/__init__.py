"""The local cloud: start the emulator, deploy the synthesized assembly, seed a company, drive the demo."""
