@echo off
rem Fabrikam and its reader are invented: this marks the fonts as installed, and nothing else.
mkdir "%ProgramFiles%\Fabrikam\Reader" 2>nul
type nul > "%ProgramFiles%\Fabrikam\Reader\fonts-pt.dat"
