"""The same hub for trying it, in a folder that `autograder hub` makes: every server runs as who started that."""

import json
import os
from pathlib import Path

c = get_config()  # noqa: F821  JupyterHub provides it

folder = Path.cwd()
told = json.loads((folder / "trying.json").read_text())
os.environ["COURSE"] = str(folder / "course")
os.environ["JUPYTER_CONFIG_PATH"] = str(folder / "settings")
load_subconfig(str(Path(__file__).resolve().with_name("jupyterhub_config.py")))  # noqa: F821

c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = told["password"]
c.Authenticator.allowed_users = set(told["logins"])
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = str(folder / "home" / "{username}")
c.Spawner.environment = {"TMPDIR": str(folder / "tmp")}
if os.geteuid() == 0:
    c.Spawner.args.append("--allow-root")  # as in a container; the server would only refuse

c.JupyterHub.bind_url, c.JupyterHub.hub_bind_url, c.ConfigurableHTTPProxy.api_url = told["addresses"]
c.ConfigurableHTTPProxy.command = told["proxy"]
