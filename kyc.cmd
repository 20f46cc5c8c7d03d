@echo off
rem The way in on Windows: needs Bun of the version in .bun-version on the PATH, installs what bun.lock lists when that
rem has changed, and hands over to scripts\kyc.ts. It was never run where it was written: there was no Windows there.
setlocal
set "root=%~dp0"
set /p version=<"%root%.bun-version"
set "found="
for /f "delims=" %%v in ('bun --version 2^>nul') do set "found=%%v"
if not "%found%"=="%version%" (
  echo kyc: Bun %version% is needed, and "%found%" was found. Install it: npm install --global bun@%version% 1>&2
  exit /b 1
)
fc /b "%root%bun.lock" "%root%node_modules\.installed.lock" >nul 2>&1
if errorlevel 1 (
  echo kyc: installing the packages of bun.lock ... 1>&2
  pushd "%root%"
  call bun install --frozen-lockfile --no-progress --no-summary 1>&2
  if errorlevel 1 (
    popd
    echo kyc: the packages could not be installed; the message is above. Check the network, then run this command again. 1>&2
    exit /b 1
  )
  popd
  copy /y "%root%bun.lock" "%root%node_modules\.installed.lock" >nul
)
if not defined KYC_CALLED_AS set "KYC_CALLED_AS=kyc"
bun --config="%root%bunfig.toml" "%root%scripts\kyc.ts" %*
exit /b %errorlevel%
