"""The smallest site around docs/servers.md's Django file, log_in.py: django_site.py FOLDER. It prints its address."""

import pathlib
import sys
import wsgiref.simple_server

import django
from django.conf import settings

folder = pathlib.Path(sys.argv[1])
settings.configure(
    SECRET_KEY="for one test" * 5,
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": folder / "site.db"}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
)
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import JsonResponse  # noqa: E402
from django.urls import path  # noqa: E402
from django.views.decorators.csrf import ensure_csrf_cookie  # noqa: E402

sys.path.insert(0, str(folder))
import log_in  # noqa: E402


@ensure_csrf_cookie
def me(request):
    return JsonResponse({"name": request.user.get_username() or None})


urlpatterns = [path("log-in", log_in.log_in), path("log-in/verified", log_in.verified), path("me", me)]
call_command("migrate", verbosity=0)
User.objects.create_user("ann", password="seven wet umbrellas")


class Quiet(wsgiref.simple_server.WSGIRequestHandler):
    def log_message(self, *_):
        pass


with wsgiref.simple_server.make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Quiet) as server:
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
