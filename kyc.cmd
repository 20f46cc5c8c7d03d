@echo off
rem Entry point on Windows. Needs the Bun version in .bun-version on the PATH, installs the packages in bun.lock if they
rem changed, then runs scripts\kyc.ts. Not tested on Windows.
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
