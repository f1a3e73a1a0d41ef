for(const m of process.argv.slice(2)) if (!m.startsWith("--") && !m.endsWith("json")) await import(m);
setTimeout(()=>{},5000);
